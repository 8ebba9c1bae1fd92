"""Looking into answers of the API, whose members may be absent or of another kind. Called by all that shows them."""

from __future__ import annotations

from collections.abc import Iterator

from ensue.core.json import JsonObject


def text(row: JsonObject, name: str) -> str:
    """A member as text; nothing where it is absent or null."""
    value = row.get(name)
    return "" if value is None else str(value)


def member(row: JsonObject, name: str) -> JsonObject:
    """A member that is an object; an empty one where it is not."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def members(row: JsonObject, name: str) -> Iterator[JsonObject]:
    """The objects of a member that is a list."""
    value = row.get(name)
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))
