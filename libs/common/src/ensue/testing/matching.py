"""Drive the matching engine in process, without a server: benchmarks, comparisons and tests of users do.

`from_patterns` takes EventBridge patterns; what `match` runs is what the evaluator runs, decoding included.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from ensue.matching.engine import Engine
from ensue.matching.patterns import rules_of
from ensue.matching.tier import collecting_nothing


class PatternMatcher:
    """Patterns made ready; see `from_patterns`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._match = cast("Any", engine.match)

    def __len__(self) -> int:
        return len(self._engine)

    def match(self, event: bytes) -> list[str]:
        """The ids of the patterns that match a JSON object, in no order; msgspec.DecodeError if it is none."""
        try:
            found: list[str] = self._match(event)
        except (UnicodeDecodeError, RecursionError) as error:
            raise msgspec.DecodeError(f"JSON is malformed: {error}") from None
        return found

    @property
    def unindexed(self) -> int:
        """How many patterns every event has to be checked against, because no table leads to them."""
        return self._engine.unindexed

    def changed(self, rules: Sequence[tuple[str, dict[str, Any]]], removed: Sequence[str] = ()) -> PatternMatcher:
        """The matcher with `rules` added or replaced and `removed` taken out; this one stays as it is."""
        return PatternMatcher(self._engine.changed(rules_of(rules), removed))

    @property
    def is_scattered(self) -> bool:
        """Whether changes have left so much in small tables that `compacted` is worth its time."""
        return self._engine.is_scattered

    def compacted(self) -> PatternMatcher:
        """The matcher of the same rules with its tables in order; this one may match meanwhile, in another thread."""
        return PatternMatcher(self._engine.compacted())


def from_patterns(rules: Sequence[tuple[str, Mapping[str, Any]]]) -> PatternMatcher:
    """The matcher of rules, each an id of its own and an EventBridge pattern.

    Raises DialectInvalid for patterns that are wrong (the pointer of each fault begins with the id of its rule), and
    ValueError for an id that comes twice.
    """
    with collecting_nothing():
        made = rules_of(rules)
        if len({rule.rule_id for rule in made}) < len(made):
            raise ValueError("an id stands twice; each rule has one of its own")
        matcher = PatternMatcher(Engine.of(made))
        gc.freeze()  # the rules live long: later collections need not walk them
    return matcher
