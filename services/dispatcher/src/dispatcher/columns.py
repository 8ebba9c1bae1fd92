"""Rows as columns, which is how a statement takes many rows at once (`unnest`). Called by the stores."""

from __future__ import annotations

from collections.abc import Iterable


def columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows of `width` values as that many columns, also where there is no row."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]
