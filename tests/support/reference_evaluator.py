"""A slow, plain reading of docs/conditions.md: the oracle that the compilers are held against.

Written apart from `ensue.core.conditions`, of which it imports nothing: it works on documents as they stand in JSON.
An event is a mapping of attributes and `data`; instants are texts in RFC 3339.
"""

# ruff: noqa: ANN401  # it reads JSON as it stands, of any type

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MISSING = object()
UNITS: dict[str, int | Fraction] = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": Fraction(1, 1000)}


@dataclass(frozen=True)
class World:
    """What a condition is decided in: one event, the instant of its arrival, named calendars."""

    event: Mapping[str, Any]
    now: str
    calendars: Mapping[str, list[str]] = field(default_factory=dict)


def verdict(condition: Mapping[str, Any], world: World) -> bool:
    """Whether the event fulfils the condition."""
    if "all" in condition:
        return all(verdict(member, world) for member in condition["all"])
    if "any" in condition:
        return any(verdict(member, world) for member in condition["any"])
    if "not" in condition:
        return not verdict(condition["not"], world)
    return _test(condition, world)


def _test(test: Mapping[str, Any], world: World) -> bool:
    name = test["op"]
    if name == "exists":
        return bool(_select(test["field"], world)) is test.get("value", True)
    if name.startswith("changed"):
        return _change(name, test, world)
    wanted = test.get("value", True)
    whole = name in {"contains", "contains_ci", "is_null", "empty"} or (
        name in {"eq", "neq"} and isinstance(wanted, list) and "value_of" not in test
    )
    values = _select(test["field"], world)
    if not whole:
        values = _open(values)
    wants = [wanted]
    if "value_of" in test:
        wants = [w for w in _open(_select(test["value_of"], world)) if not isinstance(w, list)]
        if not wants:
            return False
    passed = [any(_holds(name, value, want, world) for want in wants) for value in values]
    quantifier = test.get("quantifier", "any")
    if quantifier == "every":
        return bool(passed) and all(passed)
    if quantifier == "none":
        return bool(passed) and not any(passed)
    return any(passed)


# Fields


def _select(text: str, world: World) -> list[Any]:
    if text.startswith("length(") and text.endswith(")"):
        return [len(v) for v in _select(text[7:-1], world) if isinstance(v, (str, list, dict))]
    names = [re.sub(r"\\(.)", r"\1", name) for name in re.findall(r"(?:[^.\\]|\\.)+", text)]
    if names[0] == "now":
        return [_canonical(world.now)]
    if names[0] != "data":
        value = world.event.get(names[0])
        return [] if value is None else [_canonical(value) if names[0] == "time" else value]
    data = world.event.get("data")
    return [] if data is None else _walk(data, names[1:])


def _walk(value: Any, names: list[str]) -> list[Any]:
    if not names:
        return [value]
    insides = value if isinstance(value, list) else [value]
    return [
        found
        for inside in insides
        if isinstance(inside, dict) and names[0] in inside
        for found in _walk(inside[names[0]], names[1:])
    ]


def _open(values: list[Any]) -> list[Any]:
    return [element for value in values for element in (value if isinstance(value, list) else [value])]


def _canonical(text: str) -> str:
    instant = datetime.fromisoformat(text).astimezone(UTC)
    return instant.replace(tzinfo=None).isoformat() + "Z"


# Values


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _same(one: Any, other: Any) -> bool:
    kind = _kind(one)
    if kind != _kind(other):
        return False
    if kind == "array":
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    if kind == "object":
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return bool(one == other)


def _order(one: Any, other: Any) -> int | None:
    """-1, 0 or 1; None where the two have no order."""
    kind = _kind(one)
    if kind != _kind(other) or kind not in {"number", "text"}:
        return None
    if kind == "text":
        points, others = [ord(c) for c in one], [ord(c) for c in other]
        return (points > others) - (points < others)
    left, right = Fraction(one), Fraction(other)
    return (left > right) - (left < right)


def _instant(value: Any) -> datetime | None:
    found = isinstance(value, str) and re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))",
        value,
    )
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    micro = int(((found[7] or "") + "000000")[:6])
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    if not 1000 <= year <= 9998 or int(found[9] or 0) > 14 or int(found[10] or 0) > 59:
        return None
    try:
        local = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    except ValueError:
        return None
    return local + offset if found[8] == "-" else local - offset


def _duration(value: Any) -> timedelta:
    if isinstance(value, (int, float)):
        return timedelta(seconds=value)
    parts = re.findall(r"([0-9.]+)(ms|[dhms])", value)
    return timedelta(seconds=float(sum(Fraction(number) * UNITS[unit] for number, unit in parts)))


# Operators


def _holds(name: str, actual: Any, wanted: Any, world: World) -> bool:
    if name.endswith("_ci"):
        return _folded(name[:-3], actual, wanted, world)
    for operators in (_EQUALITY, _TEXT):
        if name in operators:
            return operators[name](actual, wanted)
    if name in {"gt", "gte", "lt", "lte", "between"}:
        return _ordered(name, actual, wanted)
    instant = _instant(actual)
    return instant is not None and _on_instant(name, instant, wanted, world)


def _folded(name: str, actual: Any, wanted: Any, world: World) -> bool:
    wants = wanted if isinstance(wanted, list) else [wanted]
    if not all(isinstance(want, str) for want in wants):
        return False
    if isinstance(actual, list):  # contains alone is handed arrays
        actual = [element.casefold() if isinstance(element, str) else element for element in actual]
    elif isinstance(actual, str):
        actual = actual.casefold()
    folded = [want.casefold() for want in wants]
    return _holds(name, actual, folded if isinstance(wanted, list) else folded[0], world)


def _ordered(name: str, actual: Any, wanted: Any) -> bool:
    if name == "between":
        return _ordered("gte", actual, wanted[0]) and _ordered("lte", actual, wanted[1])
    order = _order(actual, wanted)
    return order is not None and order in {"gt": (1,), "gte": (0, 1), "lt": (-1,), "lte": (-1, 0)}[name]


def _contains(actual: Any, wanted: Any) -> bool:
    if isinstance(actual, list):
        return any(_same(element, wanted) for element in actual)
    return isinstance(actual, str) and isinstance(wanted, str) and wanted in actual


def _texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda actual, wanted: isinstance(actual, str) and isinstance(wanted, str) and test(actual, wanted)


def _wildcard(actual: str, wanted: str) -> bool:
    pieces = re.findall(r"\\.|.", wanted, re.DOTALL)
    pattern = "".join(".*" if piece == "*" else re.escape(piece[-1]) for piece in pieces)
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def _cidr(actual: Any, wanted: Any) -> bool:
    try:
        address = ipaddress.ip_address(actual) if isinstance(actual, str) and "%" not in actual else None
    except ValueError:
        return False
    networks = [ipaddress.ip_network(n, strict=False) for n in (wanted if isinstance(wanted, list) else [wanted])]
    return address is not None and any(
        address.version == network.version
        and int(address) >> (network.max_prefixlen - network.prefixlen)
        == int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        for network in networks
    )


_EQUALITY: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _same,
    "neq": lambda actual, wanted: not _same(actual, wanted),
    "in": lambda actual, wanted: any(_same(actual, want) for want in wanted),
    "not_in": lambda actual, wanted: not any(_same(actual, want) for want in wanted),
    "is_null": lambda actual, wanted: (actual is None) is wanted,
    "empty": lambda actual, wanted: isinstance(actual, (str, list, dict)) and (len(actual) == 0) is wanted,
    "contains": _contains,
}
_TEXT: dict[str, Callable[[Any, Any], bool]] = {
    "starts_with": _texts(lambda actual, wanted: actual[: len(wanted)] == wanted),
    "ends_with": _texts(lambda actual, wanted: actual[max(0, len(actual) - len(wanted)) :] == wanted),
    "wildcard": _texts(_wildcard),
    "regex": _texts(lambda actual, wanted: re.search(wanted.replace("$", r"\Z"), actual) is not None),
    "cidr": _cidr,
}


def _on_instant(name: str, instant: datetime, wanted: Any, world: World) -> bool:
    if name in {"before", "after"}:
        limit = _instant(wanted)
        return limit is not None and (instant < limit if name == "before" else instant > limit)
    if name == "within_last":
        now = datetime.fromisoformat(world.now)
        return now - _duration(wanted) <= instant <= now
    return _in_zone(name, instant, wanted, world)


def _in_zone(name: str, instant: datetime, wanted: Any, world: World) -> bool:
    options = wanted if isinstance(wanted, dict) else {}
    local = instant.astimezone(ZoneInfo(options.get("zone", "UTC")))
    if name == "weekday":
        days = [day.lower()[:3] for day in options.get("days", wanted)]
        return DAYS[local.weekday()][:3] in days
    if name == "calendar":
        return local.date().isoformat() in world.calendars[options.get("name", wanted)]
    assert name == "time_between", f"no operator {name}"
    first, last = (options["from"], options["until"]) if options else wanted
    start, end, at = time.fromisoformat(first), time.fromisoformat(last), local.time()
    return start <= at < end if start < end else not end <= at < start


def _change(name: str, test: Mapping[str, Any], world: World) -> bool:
    data = world.event.get("data")
    if not isinstance(data, dict):
        return False
    for image in ("before", "after"):
        if image not in data or not (data[image] is None or isinstance(data[image], dict)):
            return False
    before, after = (_image(test["field"], image, world) for image in ("before", "after"))
    if name == "changed":
        return _same(before, after) is not test.get("value", True)
    wanted = test["value"]
    was, became = (_one_is(values, wanted) for values in (before, after))
    return became and not was if name == "changed_to" else was and not became


def _image(text: str, image: str, world: World) -> list[Any]:
    return _select(re.sub(r"^(length\()?data", rf"\1data.{image}", text), world)


def _one_is(values: list[Any], wanted: Any) -> bool:
    return any(_same(value, wanted) for value in (values if isinstance(wanted, list) else _open(values)))
