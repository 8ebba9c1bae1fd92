"""How long to wait between tries while a server is away. Called by the publisher, the consume loop and the tail."""

from __future__ import annotations

from collections.abc import Iterator


def delays(first: float = 0.1, maximum: float = 5.0, factor: float = 2.0) -> Iterator[float]:
    """Seconds to wait after the first, second, ... failure: growing to `maximum`, without end."""
    delay = first
    while True:
        yield delay
        delay = min(delay * factor, maximum)
