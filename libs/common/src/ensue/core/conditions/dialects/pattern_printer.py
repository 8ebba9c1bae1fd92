"""The printer of EventBridge patterns: what `eventbridge.parse_pattern` reads as the same pattern."""

from __future__ import annotations

from collections.abc import Sequence

from ensue.core.conditions.dialects.pattern_tree import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Exists,
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
from ensue.core.json import Json, JsonObject


def print_pattern(node: PatternNode) -> JsonObject:
    """The JSON of a pattern."""
    document: dict[str, Json] = {}
    for field in node.fields:
        _put(document, field.path, [print_matcher(matcher) for matcher in field.matchers])
    if node.either:
        _put_choices(document, node.either)
    return document


def print_matcher(matcher: Matcher) -> Json:
    """The JSON of one matcher."""
    match matcher:
        case str() | int() | float() | None:
            return matcher
        case Exists(present):
            return {"exists": present}
        case Numeric():
            return {"numeric": _terms(matcher)}
        case Cidr():
            return {"cidr": _block(matcher)}
        case AnythingBut(excluded):
            return {"anything-but": _excluded(excluded)}
    return _print_text(matcher)


def _print_text(matcher: Prefix | Suffix | EqualsIgnoreCase | Wildcard) -> Json:
    match matcher:
        case Prefix(text, folded):
            return {"prefix": {"equals-ignore-case": text} if folded else text}
        case Suffix(text, folded):
            return {"suffix": {"equals-ignore-case": text} if folded else text}
        case EqualsIgnoreCase(text):
            return {"equals-ignore-case": text}
        case Wildcard(parts):
            return {"wildcard": "*".join(part.replace("\\", "\\\\").replace("*", "\\*") for part in parts)}


def _put(document: dict[str, Json], path: Path, value: Json) -> None:
    for name in path[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):  # a pattern cannot test a value and what is inside it
            raise TypeError(f"{'.'.join(path)} lies inside a field that has matchers")
        document = inner
    document[path[-1]] = value


def _put_choices(document: dict[str, Json], either: Sequence[tuple[PatternNode, ...]]) -> None:
    """One `$or` stands beside the fields; each further one stands alone, in an alternative of a `$or` of its own."""
    first, *others = either
    printed: list[Json] = []
    for choice in first:
        inner = PatternNode(choice.fields, (*choice.either, *others)) if others else choice
        printed.append(print_pattern(inner))
    document["$or"] = printed


def _terms(numeric: Numeric) -> list[Json]:
    if numeric.low is not None and numeric.low == numeric.high:
        return ["=", numeric.low]
    terms: list[Json] = []
    if numeric.low is not None:
        terms += [">=" if numeric.low_included else ">", numeric.low]
    if numeric.high is not None:
        terms += ["<=" if numeric.high_included else "<", numeric.high]
    return terms


def _block(cidr: Cidr) -> str:
    bits = (32 if cidr.version == 4 else 128) - (cidr.last - cidr.first).bit_length()
    if cidr.version == 4:
        return ".".join(str(octet) for octet in cidr.first.to_bytes(4, "big")) + f"/{bits}"
    groups = cidr.first.to_bytes(16, "big").hex(":", 2).split(":")
    return ":".join(group.lstrip("0") or "0" for group in groups) + f"/{bits}"


def _excluded(excluded: Sequence[Positive]) -> Json:
    """A list of values, or one kind of matcher with its list of texts."""
    values: list[Json] = [each for each in excluded if is_scalar(each)]
    if values:
        return values
    printed = [print_matcher(each) for each in excluded if not is_scalar(each)]
    names = {name for each in printed if isinstance(each, dict) for name in each}
    texts: list[Json] = [text for each in printed if isinstance(each, dict) for text in each.values()]
    return dict.fromkeys(names, texts)
