"""What the engine is built from: rules, whose alternatives are fields with matchers. Made by `patterns`, `triggers`.

The vocabulary is that of EventBridge patterns, the richest that can be indexed: conditions of triggers are translated
into it. An alternative may say less than the rule (it is then *necessary* only) if the caller checks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from ensue.core.conditions.dialects.eventbridge import FieldPattern, Path
from ensue.core.json import Json

Alternative: TypeAlias = tuple[FieldPattern, ...]
RuleId: TypeAlias = Hashable
Verify: TypeAlias = Callable[[Mapping[str, Json]], bool]


class _Missing:
    """Stands where a path leads to nothing; unlike null, it equals no value of an event."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


class _Truth:
    """Stands for true or false as a key of a table, because 1 and True are one key to Python."""

    __slots__ = ()


MISSING: Final = _Missing()
TRUE: Final = _Truth()
FALSE: Final = _Truth()

HASHED: Final[Mapping[Hashable, tuple[()]]] = {MISSING: ()}  # a dict whose keys are not all texts keeps their hashes


def canonical(value: Hashable) -> Hashable:
    """A scalar as a key: equal where JSON values are equal."""
    if value.__class__ is bool:
        return TRUE if value else FALSE
    return value


def are_told_apart(values: Iterable[Hashable]) -> bool:
    """Whether Python, to which 1 is True, tells keys from all JSON values that are not equal to them."""
    return not any(value is TRUE or value is FALSE or value in (0, 1) for value in values)


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One rule.

    alternatives: it matches where every field of one of them does; none = never, an empty one = always.
    verify: whether the rule matches a whole document; asked where the document has arrays on the way of a field.
    """

    rule_id: RuleId
    alternatives: tuple[Alternative, ...]
    verify: Verify


class Item(msgspec.Struct, frozen=True, gc=False):
    """One alternative on its way into the index.

    fields: what is not proven yet by the tables that lead to it.
    spent: paths that have led the way already; they still may have to be checked, but lead no further.
    """

    rule_id: RuleId
    fields: Alternative
    spent: frozenset[Path] = frozenset()

    def proven(self, paths: frozenset[Path]) -> Item:
        """The item without the fields at `paths`, each of which it has."""
        fields = self.fields
        if len(fields) == len(paths):
            return Item(self.rule_id, ())
        if len(fields) == 2:  # most often, and in half the time
            return Item(self.rule_id, fields[1:] if fields[0].path in paths else fields[:1], self.spent)
        return Item(self.rule_id, tuple([field for field in fields if field.path not in paths]), self.spent)

    def led_by(self, path: Path) -> Item:
        """The item with `path` spent."""
        return Item(self.rule_id, self.fields, self.spent | {path})

    def free(self) -> Sequence[FieldPattern]:
        """The fields that can still lead the way."""
        return [field for field in self.fields if field.path not in self.spent] if self.spent else self.fields
