"""A tier: an index over a set of rules, immutable. An engine holds a few, the newest the smallest."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.json import Json
from ensue.matching.arrays import Array, Choice, Telling, put
from ensue.matching.keys import wants_values
from ensue.matching.leaves import Leaves
from ensue.matching.openings import Listing, Opening
from ensue.matching.parts import Part
from ensue.matching.projection import Layout
from ensue.matching.rules import Item, Rule, RuleId
from ensue.matching.scalars import alternatives_test_of


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """No garbage collection meanwhile: a build makes many objects, and none of them is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def paths_of(rules: Iterable[Rule]) -> Iterable[Path]:
    """Every path that the rules read, once, in the order of reading."""
    return dict.fromkeys([field.path for rule in rules for alternative in rule.alternatives for field in alternative])


class Tier:
    """An index over `rules`.

    may_repeat: a rule can be found twice for one event.
    unindexed: rules that every event is checked against.
    """

    __slots__ = ("_part", "_tellings", "_tests", "always", "may_repeat", "openings", "rules", "run", "unindexed")

    def __init__(self, rules: Mapping[RuleId, Rule], layout: Layout) -> None:
        self.rules = rules
        self._tests: dict[RuleId, Callable[[Leaves], bool]] = {}
        self.openings: dict[Path, Opening] = {}
        self._tellings: dict[Path, Telling] = {}
        items = [Item(rule.rule_id, fields) for rule in rules.values() for fields in rule.alternatives]
        self._part = Part([item for item in items if item.fields], layout)
        self.always = [item.rule_id for item in items if not item.fields]
        self.may_repeat = any(map(_may_repeat, rules.values()))
        self.run = self._part.run
        self.unindexed = frozenset(item.rule_id for item in self._part.unindexed) | frozenset(self.always)

    def find(self, leaves: Leaves, document: Mapping[str, Json], hidden: frozenset[RuleId]) -> list[RuleId]:
        """The rules that match an event with arrays. `document` is looked at only where leaves are entangled."""
        candidates: set[RuleId] = set(self.always)
        self._part.slow(leaves, candidates)
        candidates -= hidden
        if leaves.entangled:
            return [each for each in candidates if self.rules[each].verify(document)]
        return [each for each in candidates if self._test(each)(leaves)]

    def found(self, e: object, hidden: frozenset[RuleId]) -> list[RuleId]:
        """The rules that match a projection without arrays."""
        out = list(self.always)
        self.run(e, out)
        if self.may_repeat:
            out = list(dict.fromkeys(out))
        return [each for each in out if each not in hidden] if hidden else out

    def opening(self, path: Path) -> Opening:
        """What asks the rules about an event with one array, which is at this path."""
        return self.openings.get(path) or self.openings.setdefault(path, self._opening(path))

    def _opening(self, path: Path) -> Opening:
        return Opening(path, self._part, self.rules.values(), Listing(self.always, may_repeat=self.may_repeat))

    def elements(self, arrays: Sequence[Array]) -> Sequence[Sequence[object]] | None:
        """Of each array the elements that, in one combination or another, find whatever all find; None if none do."""
        found = []
        for place, values in arrays:
            telling = self._tellings.get(place.path) or self._telling(place.path)
            if telling.is_vain:
                return None
            found.append(telling.elements(values))
        return found

    def found_by(
        self, e: object, arrays: Sequence[Array], choices: Iterable[Choice], hidden: frozenset[RuleId]
    ) -> Iterable[RuleId]:
        """The rules that match a projection with any of the choices in place of its arrays, which it loses."""
        found: dict[RuleId, None] = {}
        for choice in choices:
            put(e, arrays, choice)
            found.update(dict.fromkeys(self.found(e, hidden)))
        return found

    def _telling(self, path: Path) -> Telling:
        return self._tellings.setdefault(path, Telling(path, self.rules.values()))

    def _test(self, rule_id: RuleId) -> Callable[[Leaves], bool]:
        test = self._tests.get(rule_id)
        if test is None:
            test = self._tests[rule_id] = alternatives_test_of(self.rules[rule_id].alternatives)
        return test


def _may_repeat(rule: Rule) -> bool:
    """Whether several keys may find the rule: alternatives, or matchers that can agree about one value."""
    if len(rule.alternatives) != 1:
        return len(rule.alternatives) > 1
    for field in rule.alternatives[0]:  # noqa: SIM110  # a loop costs half of any() over a generator here
        if len(field.matchers) > 1 and not wants_values(field):
            return True
    return False
