"""Fields: from a dotted path to the values it selects in an event. Used by the matcher and by the parser of documents.

Through an array a path goes into every element that is an object (an array directly inside an array is not opened).
An attribute that the event does not have is missing, not null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ensue.core.conditions.operator import Selection
from ensue.core.errors import InvalidValue
from ensue.core.event import Event
from ensue.core.instants import text_of
from ensue.core.json import Json

DATA: Final = "data"
ATTRIBUTES: Final[Mapping[str, Callable[[Event], str | None]]] = {
    "type": lambda event: event.type,
    "source": lambda event: event.source,
    "subject": lambda event: event.subject,
    "time": lambda event: None if event.time is None else text_of(event.time),
    "id": lambda event: event.id,
    "entity_type": lambda event: event.entity_type,
}
ROOTS: Final = (*ATTRIBUTES, DATA)

Select = Callable[[Event], Selection]


def parse_field(text: str) -> tuple[str, ...]:
    """Split a dotted field; InvalidValue says what is wrong with it."""
    path = tuple(text.split("."))
    if not all(path):
        raise InvalidValue("a field is names joined by single dots")
    if path[0] not in ROOTS:
        raise InvalidValue(f"a field begins with one of {', '.join(ROOTS)}")
    if path[0] != DATA and len(path) > 1:
        raise InvalidValue(f"{path[0]} is a text and has nothing inside")
    return path


def compile_field(path: tuple[str, ...]) -> Select:
    """A function from an event to the values at `path`."""
    root, inner = path[0], path[1:]
    if root == DATA:
        return _inside_data(inner)
    read = ATTRIBUTES.get(root)
    if read is None or inner:
        raise InvalidValue(f"no such field: {'.'.join(path)}")

    def select(event: Event) -> Selection:
        value = read(event)
        return () if value is None else (value,)

    return select


def _inside_data(path: tuple[str, ...]) -> Select:
    def select(event: Event) -> Selection:
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
