"""Candidates: an engine over conditions, asked about an event which of them it may fulfil; these are asked next.

Used by `triggers`, by `indexability` and by `ensue match`. An engine of ranges without an end misses large integers
unless doubles stand beside them; to put them there is done here alone, so that nobody who asks can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.conditions.fields import DATA
from ensue.core.conditions.tree import Condition
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.matching.doubles import with_doubles
from ensue.matching.engine import Engine
from ensue.matching.needed import alternatives_of, endless
from ensue.matching.projectors import Projectors
from ensue.matching.rules import Rule, RuleId
from ensue.wire.opened import Shaped

LOOKED_UP: Final = frozenset({"data", "type", "source", "subject", "id", "entity_type"})  # nothing is by `time`

Named = tuple[RuleId, Condition]


@dataclass(frozen=True, slots=True)
class Candidates:
    """An engine of conditions, and the paths at which it looks numbers of any size up. Immutable.

    find: gives the ids of the conditions that an event may fulfil.
    """

    engine: Engine
    endless: frozenset[Path]
    find: Callable[[Event], list[RuleId]]
    _projectors: Projectors

    @classmethod
    def of(cls, conditions: Iterable[Named]) -> Candidates:
        """The candidates of these conditions, each with its id."""
        rules = list(map(_rule, conditions))
        return cls._with(Engine.of(rules), _endless(rules))

    @classmethod
    def _with(cls, engine: Engine, endless: frozenset[Path], known: Projectors | None = None) -> Candidates:
        """What the engine reads is looked up once."""
        attributes = [name for name in engine.reads if name in LOOKED_UP and name != DATA]
        projectors = engine.projectors(attributes, endless, known)
        return cls(engine, endless, _finder(engine, endless, attributes, projectors), projectors)

    @property
    def unindexed(self) -> int:
        """How many are asked about every event."""
        return self.engine.unindexed

    def changed(self, conditions: Iterable[Named], gone: Iterable[RuleId]) -> Candidates:
        """The same with conditions added (or put in place of those of their ids) and others taken out."""
        rules = list(map(_rule, conditions))
        return self._with(self.engine.changed(rules, gone), self.endless | _endless(rules), self._projectors)

    def compacted(self) -> Candidates:
        """The same, with the engine in order."""
        return self._with(self.engine.compacted(), self.endless, self._projectors)


def _finder(
    engine: Engine, endless: frozenset[Path], attributes: Sequence[str], projectors: Projectors
) -> Callable[[Event], list[RuleId]]:
    match, collect = engine.match_document, engine.collect

    def find(event: Event) -> list[RuleId]:
        if event.__class__ is Shaped:
            project = projectors[event.shape]
            projected = project and project(event.read, event)
            if projected is not None:
                found: list[RuleId] = []
                collect(projected, found)
                return found
        document = {DATA: event.data}
        for name in attributes:
            document[name] = getattr(event, name)
        return match(with_doubles(document, endless) if endless else document)

    return find


def _endless(rules: Iterable[Rule]) -> frozenset[Path]:
    return frozenset(path for rule in rules for path in endless(rule.alternatives))


def _rule(named: Named) -> Rule:
    rule_id, condition = named
    return Rule(rule_id, alternatives_of(condition), _always)


def _always(_: Mapping[str, Json]) -> bool:
    return True  # a candidate
