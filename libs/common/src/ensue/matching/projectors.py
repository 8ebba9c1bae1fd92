"""Projectors: from data that a shape has read to the projection that an engine asks, with no look at names.

A function is generated for each shape: what an engine reads of it is known then. Where an array is in the way there is
none, and where a large integer is, it gives None; then the event is read as any other. Called by `candidates`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import fields

from ensue.core.conditions.dialects.doubles import EXACT
from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.conditions.fields import DATA
from ensue.matching.projection import Branch, Layout
from ensue.matching.source import Function, function
from ensue.wire.shapes import MOST_SHAPES, Field, Shape

MOST: Final = MOST_SHAPES  # as many as there can be, but for what an opener has forgotten


class Projectors(dict[Shape, Function | None]):
    """The projector of each shape, made when it is asked; None for those that have none.

    A projector takes the Struct that a shape has read, and the event.

    layout, kind: what the engine reads, and the Struct of it. attributes: those of an event that are looked up, beside
    its data. endless: paths at which large integers are looked up by doubles, which a projection has not.
    """

    def __init__(
        self, layout: Layout, kind: type[Struct] | None, attributes: Collection[str], endless: Collection[Path]
    ) -> None:
        super().__init__()
        self._layout, self._kind, self._attributes, self._endless = layout, kind, attributes, endless

    def serve(self, layout: Layout, endless: Collection[Path]) -> bool:
        """Whether they are those of an engine that reads this."""
        return layout is self._layout and endless == self._endless

    def __missing__(self, shape: Shape) -> Function | None:
        if len(self) >= MOST:
            self.clear()
        made = self[shape] = self._made(shape)
        return made

    def _made(self, shape: Shape) -> Function | None:
        if self._kind is None:
            return None
        source = _Source(self._endless)
        there = {name: Field(name, None, is_scalar=True) for name in self._attributes}
        there[DATA] = Field(DATA, shape.fields, is_scalar=False)
        try:
            return source.function(source.struct(self._layout.root, self._kind, there, "event", ()))
        except _Unfit:
            return None


class _Unfit(Exception):
    """There is an array, or something else of which a projection says nothing."""


class _Source:
    """The source of one projector, and the constants in it."""

    def __init__(self, endless: Collection[Path]) -> None:
        self._endless = endless
        self._constants: list[object] = []
        self._lines: list[str] = []

    def constant(self, value: object) -> str:
        """The name of a constant."""
        self._constants.append(value)
        return f"c{len(self._constants) - 1}"

    def struct(
        self, branch: Branch, kind: type[Struct], there: Mapping[str, Field], expression: str, path: Path
    ) -> str:
        """The source of the Struct of a branch, whose names are `there`."""
        parts = []
        for (name, inner), below in zip(branch.inner.items(), _inner(kind), strict=True):
            parts.append(self._part(inner, below, there.get(name), expression, (*path, name)))
        return f"{self.constant(kind)}({', '.join(parts)})"

    def _part(self, branch: Branch, kind: Any, field: Field | None, above: str, path: Path) -> str:  # noqa: ANN401  # of a Struct, or of a leaf
        if field is None:
            return self.constant(kind()) if branch.inner else "MISSING"
        expression = f"{above}.{field.attribute}" if path != (DATA,) else "s"
        if branch.inner and field.below is not None:
            return self.struct(branch, kind, field.below, expression, path)
        if branch.inner or not field.is_scalar:
            raise _Unfit
        if path not in self._endless:
            return expression
        name = f"v{len(self._lines)}"
        self._lines += [
            f"    {name} = {expression}",
            f"    if {name}.__class__ is int and not {-EXACT} <= {name} <= {EXACT}: return None",
        ]
        return name

    def function(self, expression: str) -> Function:
        """What gives an expression of the Struct `s` of a shape, and of the event."""
        body = "\n".join(["def run(s, event):", *self._lines, f"    return {expression}"])
        return function([f"c{number}" for number in range(len(self._constants))], body, self._constants)


def _inner(kind: type[Struct]) -> list[Any]:
    """The types of the members of a Struct, in their order."""
    return [field.type for field in fields(kind)]
