"""Integers beyond the doubles: in a range a pattern does not see them, so a double is put beside each for the lookup.

Called by `candidates` about the paths at which ranges without an end are looked up. No bound of these lies beyond the
integers that all are doubles, so what does lies in the same of them as any other number there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import float_info

from ensue.core.conditions.dialects.doubles import EXACT
from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.json import Json


def with_doubles(document: dict[str, Json], paths: Iterable[Path]) -> dict[str, Json]:
    """The document; where large integers stand at one of the paths, one with a double beside each of them."""
    for path in paths:
        value: Json = document
        for name in path:
            if value.__class__ is not dict:
                break
            value = value.get(name)
        if _has_large(value):
            return {name: _doubled(each) for name, each in document.items()}
    return document


def _has_large(value: Json) -> bool:
    if value.__class__ is float or value.__class__ is str:  # most often
        return False
    if isinstance(value, Mapping):
        return any(map(_has_large, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_large, value))
    return _is_large(value)


def _is_large(value: Json) -> bool:
    return value.__class__ is int and not -EXACT <= value <= EXACT


def _doubled(value: Json) -> Json:
    """As an array has each of its elements, so has a field both an integer and its double."""
    if isinstance(value, Mapping):
        return {name: _doubled(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [*map(_without_array, value), *(_double(each) for each in value if _is_large(each))]
    return [value, _double(value)] if _is_large(value) else value


def _without_array(element: Json) -> Json:
    return element if _is_large(element) else _doubled(element)


def _double(value: Json) -> float:
    return float_info.max if value.__class__ is int and value > 0 else -float_info.max
