# ruff: noqa: ANN401  # JSON values are any
"""A plain, slow reading of EventBridge patterns, straight from their JSON: the oracle of the matching engine.

Written apart from the product's parser and matcher. An event is flattened into leaves, each with the array elements it
lies in; a pattern matches if one leaf a field can be chosen such that no two lie in different elements of one array.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from itertools import product
from typing import Any

Leaf = tuple[tuple[str, ...], Any, dict[tuple[Any, ...], int]]
Leaves = dict[tuple[str, ...], list[Leaf]]


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the event matches the pattern."""
    return bool(Oracle({"": pattern}).match(event))


class Oracle:
    """Patterns by their ids. Each is taken apart once, and so is each event, however many of the other there are."""

    def __init__(self, patterns: Mapping[str, Mapping[str, Any]]) -> None:
        self._alternatives = {name: _alternatives(pattern, ()) for name, pattern in patterns.items()}

    def match(self, event: Mapping[str, Any]) -> list[str]:
        """The ids of the patterns that the event matches, in order."""
        leaves: Leaves = {}
        _gather(event, (), {}, (), leaves)
        fitting = (name for name, each in self._alternatives.items() if any(_fits(fields, leaves) for fields in each))
        return sorted(fitting)


def _alternatives(pattern: Mapping[str, Any], path: tuple[str, ...]) -> list[dict[tuple[str, ...], list[Any]]]:
    found: list[dict[tuple[str, ...], list[Any]]] = [{}]
    for name, member in pattern.items():
        if name == "$or":
            choices = [fields for choice in member for fields in _alternatives(choice, path)]
        elif isinstance(member, dict):
            choices = _alternatives(member, (*path, name))
        else:
            choices = [{(*path, name): list(member)}]
        found = [{**before, **fields} for before in found for fields in choices]
    return found


def _gather(
    value: Any, path: tuple[str, ...], inside: dict[tuple[Any, ...], int], place: tuple[Any, ...], leaves: Leaves
) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            _gather(member, (*path, name), inside, (*place, name), leaves)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            if isinstance(element, (dict, list)):
                _gather(element, path, {**inside, place: index}, (*place, index), leaves)
            else:
                leaves.setdefault(path, []).append((path, element, inside))
    else:
        leaves.setdefault(path, []).append((path, value, inside))


def _fits(fields: Mapping[tuple[str, ...], list[Any]], leaves: Leaves) -> bool:
    choices = []
    for path, matchers in fields.items():
        here = leaves.get(path, [])
        if not here and {"exists": False} in matchers:
            continue
        good = [inside for _, value, inside in here if any(_holds(matcher, value) for matcher in matchers)]
        if not good:
            return False
        choices.append(good)
    return any(_agree(chosen) for chosen in product(*choices))


def _agree(chosen: tuple[dict[tuple[Any, ...], int], ...]) -> bool:
    seen: dict[tuple[Any, ...], int] = {}
    return all(seen.setdefault(array, index) == index for inside in chosen for array, index in inside.items())


def _holds(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, dict):
        return _same(matcher, value)
    ((name, operand),) = matcher.items()
    return bool(_HOLDS[name](operand, value))


def _same(wanted: Any, value: Any) -> bool:
    return isinstance(wanted, bool) == isinstance(value, bool) and type(wanted is None) is bool and wanted == value


def _text(value: Any, operand: Any, holds: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, Mapping):
        return bool(holds(value.lower(), operand["equals-ignore-case"].lower()))
    return bool(holds(value, operand))


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((name, texts),) = operand.items()
        return not any(_holds({name: text}, value) for text in (texts if isinstance(texts, list) else [texts]))
    return not any(_same(each, value) for each in (operand if isinstance(operand, list) else [operand]))


def _numeric(operand: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    holds = {
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    return all(holds[sign](value, bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))


def _cidr(operand: str, value: Any) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in ipaddress.ip_network(operand, strict=False)
    except ValueError:
        return False


def _wildcard(operand: str, value: Any) -> bool:
    regex = "".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", operand))
    return isinstance(value, str) and re.fullmatch(regex, value, re.DOTALL) is not None


_HOLDS = {
    "prefix": lambda operand, value: _text(value, operand, str.startswith),
    "suffix": lambda operand, value: _text(value, operand, str.endswith),
    "equals-ignore-case": lambda operand, value: _text(value, {"equals-ignore-case": operand}, str.__eq__),
    "exactly": lambda operand, value: operand == value,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": lambda operand, value: operand,
    "cidr": _cidr,
    "wildcard": _wildcard,
}
