"""Shapes: the names in the data of one producer's events, by which data is read in less time, and no less strictly.

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

LEARN_AFTER: Final = 256  # records of a habit: to learn takes as long as reading some hundred more
LONGEST_PAUSE: Final = 1 << 16
VAIN: Final = 64  # after so many it is judged whether a shape is of use
WORTH: Final = 4  # times as many must have been read
MOST_SHAPES: Final = 512
MOST_NAMES: Final = 128
MOST_NAME_CHARACTERS: Final = 4096
MOST_LEVELS: Final = 8

Names: TypeAlias = "tuple[tuple[str, Names | bool], ...]"
"""The names in an object, with the names below where that is an object, and else whether it is an array."""
Read: TypeAlias = Callable[[bytes], Any]
"""The Struct that a text denotes; None where it has other names, or is not proven to denote it."""

_SCALAR: Final = None | bool | int | float | str


class Unfit(Exception):
    """Data that no shape is made of: what is no object, is large or deep, or has odd names or objects in arrays."""


class Field(NamedTuple):
    """A name in an object: the attribute that holds its value, and the names below where that is an object."""

    attribute: str
    below: Mapping[str, Field] | None
    is_scalar: bool


class Shape:
    """Names of objects within objects, each of which is there, once; and how to read what has them."""

    __slots__ = ("fields", "read")

    def __init__(self, names: Names) -> None:
        self.fields = _fields(names)
        self.read = _reader(_struct(names), len(_flat(names)))


class Shapes:
    """The shapes of an opener, shared by habits with the same names. When there are too many, it forgets them all."""

    __slots__ = ("_known", "_users")

    def __init__(self) -> None:
        self._known: dict[Names, Shape] = {}
        self._users: set[Reading] = set()

    def __len__(self) -> int:
        return len(self._known)

    def shape_of(self, example: Json, user: Reading) -> Shape:
        """The shape of an example, which `user` remembers until it is told to forget it; or Unfit."""
        names = names_of(example)
        shape = self._known.get(names)
        if shape is None:
            if len(self._known) >= MOST_SHAPES:
                self.forget()
            shape = self._known[names] = Shape(names)
        self._users.add(user)
        return shape

    def forget(self) -> None:
        """Know none, and have nobody know one."""
        for user in self._users:
            user.forget()
        self._users.clear()
        self._known.clear()


class Reading:
    """What is known of the data of one habit: a shape, once it is learnt, for as long as it is of use.

    hits: how many records it has read, since that was judged last. pause: how many are to come before it learns.
    """

    __slots__ = ("_next_pause", "_vain", "hits", "pause", "shape")

    def __init__(self) -> None:
        self.shape: Shape | None = None
        self.hits = self._vain = 0
        self.pause = self._next_pause = LEARN_AFTER

    def was_in_vain(self, shape: Shape) -> None:
        """It did not read a record, or the data was made all the same, as it is where conditions are asked about it.

        When that has often been so, the shape may have to go. One that has gone is judged no more.
        """
        if shape is not self.shape:
            return
        self._vain += 1
        if self._vain >= VAIN:
            if self.hits < WORTH * self._vain:
                self._rest()
            self.hits = self._vain = 0

    def learn(self, example: Json, shapes: Shapes) -> None:
        """Learn from the data of a record; to be asked where there is neither a shape nor a pause."""
        try:
            self.shape = shapes.shape_of(example, self)
        except Unfit:
            self._rest()

    def forget(self) -> None:
        """Know no shape, and learn one later."""
        self.shape = None
        self.pause = self._next_pause

    def _rest(self) -> None:
        self._next_pause = min(2 * self._next_pause, LONGEST_PAUSE)
        self.forget()


def names_of(example: Json) -> Names:
    """The names in an example; or Unfit."""
    if not isinstance(example, dict):
        raise Unfit
    names = _names(example, MOST_LEVELS)
    each = _flat(names)
    if len(each) > MOST_NAMES or sum(map(len, each)) > MOST_NAME_CHARACTERS:
        raise Unfit
    return names


def _names(example: Mapping[str, Json], levels: int) -> Names:
    if not levels or len(example) > MOST_NAMES:
        raise Unfit
    names: list[tuple[str, Names | bool]] = []
    for name, value in example.items():
        if not name.isprintable() or '"' in name or "\\" in name:  # no name of a Struct's member can be so
            raise Unfit
        if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
            raise Unfit
        names.append((name, _names(value, levels - 1) if isinstance(value, dict) else isinstance(value, list)))
    return tuple(names)


def _flat(names: Names) -> list[str]:
    """Every one, those below included."""
    return [each for name, below in names for each in (name, *([] if isinstance(below, bool) else _flat(below)))]


def _fields(names: Names) -> dict[str, Field]:
    return {
        name: Field(f"f{number}", None if isinstance(below, bool) else _fields(below), is_scalar=below is False)
        for number, (name, below) in enumerate(names)
    }


def _struct(names: Names) -> type[msgspec.Struct]:
    members: list[tuple[str, Any]] = []
    for number, (_, below) in enumerate(names):
        kind: Any = _SCALAR
        if below is True:
            kind = list[_SCALAR]  # type: ignore[valid-type]  # made here
        elif not isinstance(below, bool):
            kind = _struct(below)
        members.append((f"f{number}", kind))
    rename = {f"f{number}": name for number, (name, _) in enumerate(names)}
    # That other names are forbidden is half of each proof in `is_strict`.
    return msgspec.defstruct("Shaped", members, rename=rename, frozen=True, gc=False, forbid_unknown_fields=True)


def _reader(kind: type[msgspec.Struct], names: int) -> Read:
    decode, is_strict = msgspec.json.Decoder(kind).decode, strict_json.is_strict

    def read(text: bytes) -> Any:  # noqa: ANN401  # of a Struct made just now
        try:
            value = decode(text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return value if is_strict(text, value, names) else None

    return read
