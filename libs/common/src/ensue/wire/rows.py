"""Reading headers as rows: a function for each layout of headers, which is made once and takes them apart in one step.

Loops over pairs, places and checks take twice as long, and this is done for every record. Its source consists of
numbers alone. Called by `opening`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from ensue.wire.headers import Headers

Row: TypeAlias = tuple[Any, ...]
"""Values in the order of a layout: bytes in headers; in an envelope whatever JSON has, texts where it is an event."""
Check: TypeAlias = Callable[[bytes], bool]
MOST_READERS: Final = 1024

_SOURCE: Final = """def make(names, habit_of, are_fit, checks, event_of):
    {checks} = checks
    def read(headers, value):
        try:
            {pairs} = headers
        except ValueError:
            return None
        if {names} != names:
            return None
        habit = habit_of({lasting})
        if habit is None or not are_fit({varying}){checked}:
            return None
        return event_of(habit, {values}, value)
    return read
"""


def row_reader(
    names: tuple[str, ...],
    lasting: tuple[int, ...],
    varying: tuple[int, ...],
    checks: Sequence[tuple[int, Check]],
    functions: tuple[Callable[[Row], Any], Callable[[Row], bool], Callable[[Any, Row, bytes | None], Any]],
) -> Callable[[Headers, bytes | None], Any]:
    """From headers and a value to what becomes of them.

    None where the headers have other names, the values at the places of `lasting` no habit, or those at the places of
    `varying` are not all fit, or one does not pass its check. `functions`: what finds a habit, what says whether values
    are fit, and what makes the event of a habit, a row and a value.
    """
    habit_of, are_fit, event_of = functions
    make = _maker(len(names), lasting, varying, tuple([place for place, _ in checks]))
    made: Callable[[Headers, bytes | None], Any] = make(
        names, habit_of, are_fit, [each for _, each in checks], event_of
    )
    return made


@lru_cache(MOST_READERS)
def _maker(count: int, lasting: tuple[int, ...], varying: tuple[int, ...], checked: tuple[int, ...]) -> Any:  # noqa: ANN401  # of a function made here
    places = range(count)
    source = _SOURCE.format(
        pairs=_tuple(f"(n{place}, v{place})" for place in places),
        names=_tuple(f"n{place}" for place in places),
        values=_tuple(f"v{place}" for place in places),
        lasting=_tuple(f"v{place}" for place in lasting),
        varying=_tuple(f"v{place}" for place in varying),
        checks=f"[{', '.join(f'check{number}' for number in range(len(checked)))}]",
        checked="".join(f" or not check{number}(v{place})" for number, place in enumerate(checked)),
    )
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102  # the source is ours alone: numbered names
    return space["make"]


def _tuple(parts: Iterable[str]) -> str:
    return f"({''.join(f'{part}, ' for part in parts)})"
