"""Orders of fields: the same rules and events, written so that the names or members sort otherwise.

Some matchers try a rule's fields in the order of their names, or read an event's members in the order in which they
stand; then an unselective field that comes first is ruinous. Ours must not care. Used by `tests.bench.matching`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """How patterns and events are rewritten; both together keep every verdict."""

    name: str
    pattern: Callable[[Document], Document]
    event: Callable[[Document], Document]


def _same(document: Document) -> Document:
    return document


def _type_first(document: Document) -> Document:
    """`type` under a name that sorts before all others; where it stands among the members stays as it is."""
    return {"0type" if name == "type" else name: value for name, value in document.items()}


def _reversed(document: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(document, dict):
        return {name: _reversed(value) for name, value in reversed(document.items())}
    return document


AS_IS = Order("as written", _same, _same)
ORDERS = (
    AS_IS,
    Order("`type` sorts first", _type_first, _type_first),
    Order("members reversed", _reversed, _reversed),
)
