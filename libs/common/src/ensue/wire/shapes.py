"""Shapes: the names in the data of one producer's events, by which data is read in half the time, and no less strictly.

One program writes the events of a type, so their data has the same names again and again. A shape is a Struct of these;
it takes no data with other names, and what it takes is proven to be what `strict_json.decode` gives, or left to that.
Learnt and asked by `opening`; `ensue.matching` reads the Struct, where few events ever need their data otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from ensue.core.json import Json
from ensue.wire import strict_json

MOST_NAMES: Final = 128
MOST_LEVELS: Final = 8
MOST_SHAPES: Final = 512
VAIN: Final = 64  # after so many it is judged whether a shape is of use
WORTH: Final = 4  # times as many must have been read
FIRST_PAUSE: Final = 1024  # records, after a shape that was of no use; each time twice as many
LONGEST_PAUSE: Final = 1 << 16

Read: TypeAlias = Callable[[bytes], Any]
"""The Struct that a text denotes; None where it has other names, or is not proven to denote it."""

_SCALAR: Final = None | bool | int | float | str
_ITEM: Final = strict_json.nested(3)
_ESCAPE: Final = b"\\u"
_BACKSLASH, _COLON = b"\\:"  # numbers, which are found in less time


class Field(NamedTuple):
    """A name in an object: the attribute that holds its value, and the names below where that is an object."""

    attribute: str
    below: Mapping[str, Field] | None
    is_scalar: bool


class Shape:
    """Names of objects within objects, each of which is there, once; and how to read what has them."""

    __slots__ = ("fields", "read")

    def __init__(self, example: Mapping[str, Json]) -> None:
        """The shape of an example. ValueError where it is too large, or has names that no Struct can have."""
        self.fields = _fields(example, MOST_LEVELS)
        names = _count(self.fields)
        if names > MOST_NAMES:
            raise ValueError("too many names")
        kind = _struct(self.fields, example)
        self.read = _reader(kind, names)


class Budget:
    """How many more shapes may be remembered: each is a class of its own."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_SHAPES


class Reading:
    """What is known of the data of one habit: a shape, once it is learnt, for as long as it is of use.

    hits: how many records it has read, since that was judged last. pause: how many are to come before it learns again.
    """

    __slots__ = ("_budget", "_next_pause", "_vain", "hits", "pause", "shape")

    def __init__(self) -> None:
        self.shape: Shape | None = None
        self.hits = 0
        self._vain = self.pause = 0
        self._next_pause = FIRST_PAUSE
        self._budget: Budget | None = None

    def was_in_vain(self) -> None:
        """It did not read a record, or the data was made all the same, as it is where conditions are asked about it.

        When that has often been so, the shape may have to go.
        """
        self._vain += 1
        if self._vain >= VAIN:
            if self.hits < WORTH * self._vain:
                self.forget()
                self._rest()
            self.hits = self._vain = 0

    def learn(self, example: Json, budget: Budget) -> None:
        """Learn from the data of a record; to be asked where there is neither a shape nor a pause."""
        if type(example) is not dict or not budget.left:
            self.pause = FIRST_PAUSE
            return
        try:
            self.shape = Shape(example)
        except ValueError:
            self._rest()
        else:
            self._budget = budget
            budget.left -= 1

    def forget(self) -> None:
        """Know no shape."""
        if self.shape is not None and self._budget is not None:
            self._budget.left += 1
        self.shape = self._budget = None

    def _rest(self) -> None:
        self.pause, self._next_pause = self._next_pause, min(2 * self._next_pause, LONGEST_PAUSE)


def _fields(example: Mapping[str, Json], levels: int) -> dict[str, Field]:
    if not levels:
        raise ValueError("too deep")
    fields: dict[str, Field] = {}
    for number, (name, value) in enumerate(example.items()):
        if not name.isprintable() or '"' in name or "\\" in name:
            raise ValueError("a name that no Struct can have")
        below = _fields(value, levels - 1) if isinstance(value, dict) else None
        fields[name] = Field(f"f{number}", below, below is None and not isinstance(value, list))
    return fields


def _count(fields: Mapping[str, Field]) -> int:
    return len(fields) + sum(_count(field.below) for field in fields.values() if field.below is not None)


def _is_flat(array: list[Json]) -> bool:
    return not any(isinstance(item, (dict, list)) for item in array)


def _struct(fields: Mapping[str, Field], example: Mapping[str, Json]) -> type[msgspec.Struct]:
    members: list[tuple[str, Any]] = []
    for name, field in fields.items():
        value = example[name]
        kind: Any = _SCALAR
        if field.below is not None and isinstance(value, dict):
            kind = _struct(field.below, value)
        elif isinstance(value, list):
            kind = list[_SCALAR] if _is_flat(value) else list[_ITEM]  # type: ignore[valid-type]  # made here
        members.append((field.attribute, kind))
    rename = {field.attribute: name for name, field in fields.items()}
    return msgspec.defstruct("Shaped", members, rename=rename, frozen=True, gc=False, forbid_unknown_fields=True)


def _reader(kind: type[msgspec.Struct], names: int) -> Read:
    """What reads a text that has so many names, and perhaps more in its arrays."""
    decode, is_written = msgspec.json.Decoder(kind).decode, strict_json.is_written

    def read(text: bytes) -> Any:  # noqa: ANN401  # of a Struct made just now
        try:
            value = decode(text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        if _BACKSLASH in text and _ESCAPE in text:
            return None  # it may hide U+0000
        # Each name is there, and has a colon. Where there are no other colons, none is there twice, and none in arrays.
        return value if text.count(_COLON) == names or is_written(text, value) else None

    return read
