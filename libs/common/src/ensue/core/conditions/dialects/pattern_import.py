"""Import of EventBridge patterns into our own tests, so that they can be edited, indexed and explained like any other.

The condition agrees with the pattern on every event whose fields hold one value each. Where a path leads through arrays
the two differ (a pattern wants one element to match all fields); who needs that keeps the pattern as a leaf. Case is
folded our way. `detail` and `detail-type` become data and type.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

from ensue.core.conditions.dialects.eventbridge import parse_pattern
from ensue.core.conditions.dialects.faults import DialectFault, DialectInvalid
from ensue.core.conditions.dialects.pattern_printer import print_matcher
from ensue.core.conditions.dialects.pattern_tree import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exists,
    FieldPattern,
    Matcher,
    Numeric,
    Path,
    PatternNode,
    Positive,
    Prefix,
    Suffix,
    Wildcard,
    is_scalar,
)
from ensue.core.conditions.fields import ATTRIBUTES, DATA, print_field
from ensue.core.conditions.registry import OPERATORS
from ensue.core.conditions.tree import All, Any, Condition, Quantifier, Test
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

OUR_NAMES: Final[Mapping[str, str]] = {"detail-type": "type", "detail": DATA}


def from_pattern(document: Json) -> Condition:
    """The condition that a pattern means; DialectInvalid where the pattern is wrong or reads what our events lack."""
    node = parse_pattern(document)
    faults = [
        DialectFault("", f"reads {'.'.join(path)}, which our events do not have", ", ".join((*ATTRIBUTES, DATA)))
        for path in dict.fromkeys(node.paths())
        if not _is_ours(_own(path))
    ]
    if faults:
        raise DialectInvalid(faults)
    return _of_node(node)


def _of_node(node: PatternNode) -> Condition:
    parts = [_of_field(field) for field in node.fields]
    parts += [Any(tuple(_of_node(choice) for choice in choices)) for choices in node.either]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _of_field(field: FieldPattern) -> Condition:
    path = _own(field.path)
    values: list[Json] = [matcher for matcher in field.matchers if is_scalar(matcher)]
    tests: list[Condition] = [_test(path, matcher) for matcher in field.matchers if not is_scalar(matcher)]
    if values:
        tests.insert(0, Test(path, "eq", values[0]) if len(values) == 1 else Test(path, "in", values))
    return tests[0] if len(tests) == 1 else Any(tuple(tests))


def _test(path: Path, matcher: Matcher) -> Condition:
    match matcher:
        case Exists(present):
            return Test(path, "exists", present)
        case Numeric():
            return _range(path, matcher)
        case Cidr():
            return Test(path, "cidr", _block(matcher))
        case AnythingBut(excluded):
            return _anything_but(path, excluded)
    return _checked(path, *_positive(matcher))


def _checked(path: Path, operator: str, value: Json, quantifier: Quantifier = Quantifier.ANY) -> Test:
    """A test whose right-hand side ours takes, too: a wildcard of theirs may have more stars."""
    try:
        OPERATORS[operator].parse(value)
    except InvalidValue as error:
        fault = DialectFault("", f"tests {print_field(path)} by what {operator} does not take", str(error))
        raise DialectInvalid([fault]) from None
    return Test(path, operator, value, quantifier)


def _positive(matcher: Positive) -> tuple[str, Json]:
    match matcher:
        case str() | int() | float() | None:
            return "eq", matcher
        case Prefix(text, folded):
            return ("starts_with_ci" if folded else "starts_with"), text
        case Suffix(text, folded):
            return ("ends_with_ci" if folded else "ends_with"), text
        case EqualsIgnoreCase(text):
            return "eq_ci", text
        case Wildcard():
            printed = print_matcher(matcher)
            return "wildcard", printed["wildcard"] if isinstance(printed, dict) else None


def _range(path: Path, numeric: Numeric) -> Condition:
    if numeric.low is not None and numeric.high is not None and numeric.low_included and numeric.high_included:
        if numeric.low == numeric.high:
            return Test(path, "eq", numeric.low)
        return Test(path, "between", [numeric.low, numeric.high])
    bounds: list[Condition] = []
    if numeric.low is not None:
        bounds.append(Test(path, "gte" if numeric.low_included else "gt", numeric.low))
    if numeric.high is not None:
        bounds.append(Test(path, "lte" if numeric.high_included else "lt", numeric.high))
    return bounds[0] if len(bounds) == 1 else All(tuple(bounds))


def _anything_but(path: Path, excluded: tuple[Positive, ...]) -> Condition:
    values: list[Json] = [each for each in excluded if is_scalar(each)]
    if values:
        return Test(path, "neq", values[0]) if len(values) == 1 else Test(path, "not_in", values)
    tests = tuple(_checked(path, *_positive(each), Quantifier.NONE) for each in excluded)
    return tests[0] if len(tests) == 1 else All(tests)


def _block(cidr: Cidr) -> str:
    bits = (32 if cidr.version == 4 else 128) - (cidr.last - cidr.first).bit_length()
    address = ipaddress.IPv4Address(cidr.first) if cidr.version == 4 else ipaddress.IPv6Address(cidr.first)
    return f"{address}/{bits}"


def _own(path: Path) -> Path:
    return (OUR_NAMES.get(path[0], path[0]), *path[1:])


def _is_ours(path: Path) -> bool:
    return path[0] == DATA or (path[0] in ATTRIBUTES and len(path) == 1)
