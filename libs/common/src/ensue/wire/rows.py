"""Reading headers as rows: a function for each number of headers, which is made once and takes them apart in one step.

`zip` does the same in twice the time, and this is done for every record. The source of such a function consists of
numbers alone. Called by `opening`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

Row: TypeAlias = tuple[Any, ...]
"""Values in the order of a layout: bytes in headers; in an envelope whatever JSON has, texts where it is an event."""
Read: TypeAlias = Callable[[Sequence[tuple[str, bytes | None]]], tuple[tuple[str, ...], Row, Row, Row]]
MOST_READERS: Final = 1024


@lru_cache(MOST_READERS)
def row_reader(count: int, some: tuple[int, ...], others: tuple[int, ...]) -> Read:
    """From `count` headers to their names, their values, and the values at some and at other places.

    It raises ValueError for any other number of headers.
    """
    places = range(count)
    source = (
        "def read(headers):\n"
        f"    {_tuple(f'(n{place}, v{place})' for place in places)} = headers\n"
        f"    return {_tuple(f'n{place}' for place in places)}, {_tuple(f'v{place}' for place in places)}, "
        f"{_tuple(f'v{place}' for place in some)}, {_tuple(f'v{place}' for place in others)}\n"
    )
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102  # the source is ours alone: numbered names
    made: Read = space["read"]
    return made


def _tuple(names: Iterable[str]) -> str:
    return f"({''.join(f'{name}, ' for name in names)})"
