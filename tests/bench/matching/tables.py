"""The figures of matching as the tables of docs/BENCHMARKS.md. Used by `tests.bench.matching`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tests.bench.matching.measure import Figure

_OURS: Final = "ensue, events/s"
_ALIKE: Final = 4


def growth(figures: Sequence[Figure]) -> str:
    """A row a shape: its throughput as the rules grow, and how much of it is kept from few rules to the most.

    Few are the fewest of which an event matches about as many as of the most: ten rules cannot all be of fifty.
    """
    counts = sorted({figure.rules for figure in figures})
    heads = ["shape", "matches", *(f"{count:,}" for count in counts), "kept", "build", "memory"]
    rows = []
    for shape, found in _by_shape(figures).items():
        most = found[counts[-1]]
        few = next(found[count] for count in counts if most.matches < _ALIKE * found[count].matches)
        kept = most.events_per_second / few.events_per_second
        rates = (f"{found[count].events_per_second:,.0f}" for count in counts)
        rows.append([
            shape, _span(figure.matches for figure in found.values()), *rates,
            f"{kept:.0%}", f"{most.build_seconds:.1f} s", f"{most.rss_mb:,.0f} MB",
        ])  # fmt: skip
    return table(heads, rows)


def contest(figures: Sequence[Figure]) -> str:
    """A row a measurement: Ensue, and each rival with how many times as fast Ensue is."""
    heads = ["shape", "rules", "matches", _OURS, *(f"{name}, events/s" for name in figures[0].rivals)]
    return table(heads, map(beside, figures))


def orders(figures: Mapping[str, Sequence[Figure]]) -> str:
    """A row a measurement, under the name of the order of fields that it was made with."""
    rivals = next(iter(figures.values()))[0].rivals
    heads = ["order of fields", "shape", "rules", "matches", _OURS, *(f"{name}, events/s" for name in rivals)]
    return table(heads, ([order, *beside(figure)] for order, found in figures.items() for figure in found))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def beside(figure: Figure) -> list[str]:
    """The cells of one measurement."""
    mine = figure.events_per_second
    cells = [each if isinstance(each, str) else f"{each:,.0f} ({mine / each:.1f}x)" for each in figure.rivals.values()]
    return [figure.shape, f"{figure.rules:,}", f"{figure.matches:.1f}", f"{mine:,.0f}", *cells]


def _by_shape(figures: Iterable[Figure]) -> dict[str, dict[int, Figure]]:
    shapes: dict[str, dict[int, Figure]] = {}
    for figure in figures:
        shapes.setdefault(figure.shape, {})[figure.rules] = figure
    return shapes


def _span(values: Iterable[float]) -> str:
    every = sorted(values)
    low, high = f"{every[0]:.1f}", f"{every[-1]:.1f}"
    return low if low == high else f"{low} - {high}"
