"""Buckets: what is found under each key of a table, gathered item by item, a hundred thousand of them. Used by `parts`.

Where a key proves an item, its id is all that is kept: most tables hold nothing else, and are made while gathering.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.matching.nodes import Both, Bucket, Node, side_by_side
from ensue.matching.rules import HASHED, MISSING, Item, RuleId

FEW_IDS: Final = 16  # to make a longer tuple for one more id costs more than to make one at the end


class Buckets:
    """Ids and items by key. A key may come twice for one item, if no other item comes between."""

    __slots__ = ("_ids", "_items", "_many")

    def __init__(self) -> None:
        self._ids: dict[Hashable, tuple[RuleId, ...] | list[RuleId]] = dict(HASHED)
        self._items: dict[Hashable, list[Item]] = defaultdict(list)
        self._many: list[Hashable] = []

    def add(self, keys: Iterable[Hashable], item: Item, proven: frozenset[Path]) -> None:
        """Put an item under keys that prove its fields at these paths."""
        if len(item.fields) == len(proven):
            self._add_id(keys, item.rule_id)
        else:
            self.add_open(keys, item.proven(proven))

    def add_open(self, keys: Iterable[Hashable], item: Item) -> None:
        """Put an item that is still to be checked under keys."""
        for key in keys:
            known = self._items[key]
            if not known or known[-1] is not item:
                known.append(item)

    def _add_id(self, keys: Iterable[Hashable], rule_id: RuleId) -> None:
        found, alone = self._ids, (rule_id,)
        known_or = found.setdefault
        for key in keys:
            known = known_or(key, alone)
            if known is alone or known[-1] is rule_id:
                continue
            if known.__class__ is list:
                known.append(rule_id)
            elif len(known) < FEW_IDS:
                found[key] = (*known, rule_id)
            else:
                found[key] = [*known, rule_id]
                self._many.append(key)

    def table(self, node_of: Callable[[Sequence[Item]], Node]) -> dict[Hashable, Bucket]:
        """What is found under each key; `node_of` finds items that are still to be checked. Asked once."""
        del self._ids[MISSING]
        for key in self._many:
            self._ids[key] = side_by_side(self._ids[key])
        found: dict[Hashable, Bucket] = self._ids  # type: ignore[assignment]  # of lists there are none now
        for key, items in self._items.items():
            node, ids = node_of(items), self._ids.get(key)
            found[key] = node if ids is None else Both(tuple(ids), node)
        return found
