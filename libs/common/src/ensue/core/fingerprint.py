"""Fingerprint: names what a ruleset holds by a sum of hashes, of which parts can be exchanged. Used by `ruleset`."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from ensue.core.calendars import Calendar
from ensue.core.rule import Rule

_BYTES: Final = 16


def text_of(digest: int) -> str:
    """The digest as it is shown."""
    return digest.to_bytes(_BYTES, "big").hex()


def worded(known: Rule | Calendar) -> str:
    """What the fingerprint says of it."""
    if isinstance(known, Calendar):
        return f"{'/'.join(known.calendar_id)}@{known.revision}"
    return f"{known.trigger.trigger_id}@{known.trigger.revision}"


def moved(digest: int, gone: Iterable[str], come: Iterable[str]) -> int:
    """A digest is a sum of hashes: it does not depend on order, and a part of it can be taken out again."""
    return (digest - sum(map(_hash, gone)) + sum(map(_hash, come))) % (1 << 8 * _BYTES)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_BYTES).digest(), "big")
