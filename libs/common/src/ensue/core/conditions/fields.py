r"""Fields: from a dotted path to the values it selects in an event. Used by the matcher and by the parser of documents.

Through an array a path goes into every element that is an object (an array directly inside an array is not opened).
An attribute that the event does not have is missing, not null. In a name a backslash stands before a dot or a backslash
that belongs to it: `data.a\.b`. `length(path)` is how long the values at a path are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from ensue.core.conditions.operator import Selection
from ensue.core.conditions.tree import FieldRef
from ensue.core.errors import InvalidValue
from ensue.core.event import Event
from ensue.core.instants import text_of
from ensue.core.json import Json

DATA: Final = "data"
NOW: Final = "now"
MOST_SHARED: Final = 4096
ATTRIBUTES: Final[Mapping[str, Callable[[Event], str | None]]] = {
    "type": lambda event: event.type,
    "source": lambda event: event.source,
    "subject": lambda event: event.subject,
    "time": lambda event: None if event.time is None else text_of(event.time),
    "id": lambda event: event.id,
    "entity_type": lambda event: event.entity_type,
}
ROOTS: Final = (*ATTRIBUTES, NOW, DATA)

Select = Callable[[Event, datetime], Selection]

_LENGTH = re.compile(r"length\((.*)\)", re.DOTALL)
_NAME = re.compile(r"(?:[^.\\]|\\[.\\])+", re.DOTALL)


@lru_cache(maxsize=MOST_SHARED)
def parse_field(text: str) -> FieldRef:
    """The field that a text names; InvalidValue says what is wrong with it. The same one for the same text."""
    inner = _LENGTH.fullmatch(text)
    path = _split(inner[1] if inner else text)
    if path[0] not in ROOTS:
        raise InvalidValue(f"a field begins with one of {', '.join(ROOTS)}")
    if path[0] != DATA and len(path) > 1:
        raise InvalidValue(f"{path[0]} is a text and has nothing inside")
    return FieldRef(path, length=inner is not None)


def print_field(path: tuple[str, ...], *, length: bool = False) -> str:
    """The text that `parse_field` reads as this field."""
    text = ".".join(name.replace("\\", "\\\\").replace(".", "\\.") for name in path)
    return f"length({text})" if length else text


def compile_field(path: tuple[str, ...], *, length: bool = False) -> Select:
    """A function from an event (and the instant of the decision) to the values at `path`, or to their lengths."""
    select = _values_at(path)
    if not length:
        return select
    return lambda event, now: [len(v) for v in select(event, now) if isinstance(v, (str, list, tuple, dict))]


def opened(selection: Selection) -> Selection:
    """The selection with each array in it replaced by its elements."""
    if not any(isinstance(value, (list, tuple)) for value in selection):
        return selection
    values: list[Json] = []
    for value in selection:
        values.extend(value if isinstance(value, (list, tuple)) else (value,))
    return values


def _split(text: str) -> tuple[str, ...]:
    if "\\" not in text and all(names := text.split(".")):
        return tuple(names)
    names = []
    position = 0
    while found := _NAME.match(text, position):
        names.append(re.sub(r"\\([.\\])", r"\1", found[0]))
        position = found.end() + 1
        if found.end() == len(text):
            return tuple(names)
        if text[found.end()] != ".":
            break
    if "\\" in text[position - 1 if position else 0 :]:
        raise InvalidValue("a backslash stands only before a dot or a backslash that belongs to a name")
    raise InvalidValue("a field is names joined by single dots")


def _values_at(path: tuple[str, ...]) -> Select:
    root, inner = path[0], path[1:]
    if root == DATA:
        return _inside_data(inner)
    if root == NOW and not inner:
        return lambda _, now: (text_of(now),)
    read = ATTRIBUTES.get(root)
    if read is None or inner:
        raise InvalidValue(f"no such field: {print_field(path)}")

    def select(event: Event, _: datetime) -> Selection:
        value = read(event)
        return () if value is None else (value,)

    return select


def _inside_data(path: tuple[str, ...]) -> Select:
    def select(event: Event, _: datetime) -> Selection:
        value = event.data
        if value is None:
            return ()
        for position, name in enumerate(path):
            if isinstance(value, dict):
                if name not in value:
                    return ()
                value = value[name]
            elif isinstance(value, (list, tuple)):
                return _through(value, path[position:])
            else:
                return ()
        return (value,)

    return select


def _through(array: Json, path: tuple[str, ...]) -> Selection:
    """The values at `path` in each element of `array` that is an object, in order."""
    values: Selection = (array,)
    for name in path:
        values = [member[name] for member in _objects(values) if name in member]
    return values


def _objects(values: Selection) -> list[dict[str, Json]]:
    """The objects among `values`, and in the arrays among them."""
    found: list[dict[str, Json]] = []
    for value in values:
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(element for element in value if isinstance(element, dict))
    return found
