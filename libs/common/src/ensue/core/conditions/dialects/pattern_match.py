"""The matcher of EventBridge patterns: from a parsed pattern to a function of a decoded JSON document.

Used by the leaf `pattern`. Arrays are event-ruler's: a field matches if any scalar in the array does, and fields that
lead through the same array must match in the same element of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ensue.core.conditions.dialects.pattern_tests import ScalarTest, compile_matchers
from ensue.core.conditions.dialects.pattern_tree import Exists, FieldPattern, Path, PatternNode
from ensue.core.json import Json

DocumentMatcher = Callable[[Mapping[str, Json]], bool]


@dataclass(slots=True)
class _Step:
    """A place on the way of one or more fields: the test of the field that ends here, and the ways on."""

    test: ScalarTest | None = None
    inner: dict[str, _Step] = field(default_factory=dict)

    def add(self, path: Path, test: ScalarTest) -> None:
        step = self
        for name in path:
            step = step.inner.setdefault(name, _Step())
        step.test = test


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A field made ready. `may_be_absent`: one of its matchers is `exists: false`."""

    path: Path
    test: ScalarTest
    may_be_absent: bool


def compile_pattern(node: PatternNode) -> DocumentMatcher:
    """A function that says of a document (an object) whether it matches the pattern. Total."""
    alternatives = [_compile_alternative(fields) for fields in node.alternatives()]
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda document: any(alternative(document) for alternative in alternatives)


def _compile_alternative(fields: Iterable[FieldPattern]) -> DocumentMatcher:
    wanted = [_wanted(each) for each in fields]
    firm = [each for each in wanted if not each.may_be_absent]
    optional = [each for each in wanted if each.may_be_absent]
    whole = _steps(firm)
    if not optional:
        return lambda document: _holds(document, whole)

    def matcher(document: Mapping[str, Json]) -> bool:
        there = [each for each in optional if _has_leaf(document, each.path)]
        return _holds(document, _steps(firm + there) if there else whole)

    return matcher


def _wanted(each: FieldPattern) -> _Wanted:
    positive = tuple(matcher for matcher in each.matchers if matcher != Exists(present=False))
    return _Wanted(each.path, compile_matchers(positive), len(positive) < len(each.matchers))


def _steps(wanted: Iterable[_Wanted]) -> _Step:
    root = _Step()
    for each in wanted:
        root.add(each.path, each.test)
    return root


def _holds(value: Json, step: _Step, *, inner_only: bool = False) -> bool:
    """Whether every field from `step` on matches in `value`; `inner_only` = the field that ends here already does."""
    test = None if inner_only else step.test
    if isinstance(value, Mapping):
        if test is not None:
            return False
        for name, inner in step.inner.items():  # noqa: SIM110  # a loop costs half of all() over a generator here
            if name not in value or not _holds(value[name], inner):
                return False
        return True
    if isinstance(value, (list, tuple)):
        return _holds_in_array(value, step, inner_only=inner_only)
    return not step.inner and (test is None or test(value))


def _holds_in_array(array: list[Json] | tuple[Json, ...], step: _Step, *, inner_only: bool) -> bool:
    """One element must do for all that leads on; a scalar among the elements may do for the field that ends here."""
    done = inner_only or step.test is None or any(step.test(element) for element in array if _is_scalar(element))
    if done and not step.inner:
        return True
    return any(_holds(element, step, inner_only=done) for element in array if not _is_scalar(element))


def leaves_at(value: Json, path: Path) -> Iterator[Json]:
    """Every scalar at `path`, directly or in arrays."""
    if isinstance(value, (list, tuple)):
        for element in value:
            yield from leaves_at(element, path)
    elif isinstance(value, Mapping):
        if path and path[0] in value:
            yield from leaves_at(value[path[0]], path[1:])
    elif not path:
        yield value


def _has_leaf(value: Json, path: Path) -> bool:
    return any(True for _ in leaves_at(value, path))


def _is_scalar(value: Json) -> bool:
    return not isinstance(value, (Mapping, list, tuple))
