"""Index keys of EventBridge patterns: what an event must have for a pattern to match it. Used by the leaf `pattern`.

The event's own attributes give the keys that our tests give. Fields inside data are handed on as they are: a pattern
also looks into arrays that lie directly in arrays, which our paths do not, but the index of `ensue.matching` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ensue.core.conditions.dialects.pattern_tree import (
    AnythingBut,
    EqualsIgnoreCase,
    Exists,
    FieldPattern,
    Matcher,
    Path,
    PatternNode,
    Prefix,
    Suffix,
    Wildcard,
    is_scalar,
)
from ensue.core.conditions.fields import DATA
from ensue.core.conditions.keys import (
    Equals,
    FoldedEquals,
    Keys,
    Lookup,
    Matched,
    Needed,
    NotEquals,
    Prefixes,
    Present,
    Substrings,
    Suffixes,
    all_of,
    any_of,
)


def necessary(node: PatternNode, own_path: Callable[[Path], Path | None]) -> Needed | None:
    """What is necessary for the pattern; `own_path` gives the place in our event that a path reads, None for none."""
    parts = [_of_field(field, own_path) for field in node.fields]
    parts += [any_of(necessary(choice, own_path) for choice in choices) for choices in node.either]
    return all_of(parts)


def _of_field(field: FieldPattern, own_path: Callable[[Path], Path | None]) -> Needed | None:
    path = own_path(field.path)
    if path is not None and path[0] == DATA:
        return Lookup(path, Matched(field.matchers))
    if path is None or Exists(present=False) in field.matchers:
        return None
    return any_of(Lookup(path, _keys(matcher)) for matcher in field.matchers)


def _keys(matcher: Matcher) -> Keys:
    match matcher:
        case str() | int() | float() | None:
            return Equals((matcher,))
        case Prefix(text, folded=False) if text:
            return Prefixes((text,))
        case Suffix(text, folded=False) if text:
            return Suffixes((text,))
        case EqualsIgnoreCase(text) if all(map(_folds_alike, text)):
            return FoldedEquals((text.casefold(),))
        case Wildcard(parts):
            return _wildcard_keys(parts)
        case AnythingBut(excluded):
            values = tuple(each for each in excluded if is_scalar(each))
            return NotEquals(values) if values else Present()
    return Present()


def _wildcard_keys(parts: Sequence[str]) -> Keys:
    if len(parts) == 1:
        return Equals((parts[0],))
    if parts[0]:
        return Prefixes((parts[0],))
    if parts[-1]:
        return Suffixes((parts[-1],))
    longest = max(parts, key=len)
    return Substrings((longest,)) if longest else Present()


def _folds_alike(character: str) -> bool:
    """Whether both cases of a character fold to the same text, as those of the dotless i do not."""
    return len({character.casefold(), character.lower().casefold(), character.upper().casefold()}) == 1
