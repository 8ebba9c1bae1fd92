"""Pauses grow to their maximum and never end."""

from __future__ import annotations

from itertools import islice

from ensue.kafka.backoff import delays


def test_pauses_grow_to_their_maximum() -> None:
    assert list(islice(delays(0.5, 3.0), 6)) == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]
