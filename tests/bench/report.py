"""Renders the figures as docs/BENCHMARKS.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.dispatcher import DispatcherFigure
from tests.bench.evaluator import EvaluatorFigure
from tests.bench.start import StartFigure
from tests.bench.swap import SwapFigure

_HEAD = """# Benchmarks

Each row was measured by `make bench` on real servers on one machine, the load generator, the brokers and the measured
process sharing its cores. **What counts is the ratio**: both sides of it were measured in the same run. A figure is
given only after the counts agreed (firings with what the events say, calls with firings).

Machine: {machine}. Written by `{command}`; repeat it with the same command.
"""


@dataclass
class Report:
    """The figures of one run."""

    machine: str
    command: str
    evaluations: list[list[EvaluatorFigure]] = field(default_factory=list)  # of each load, its runs
    starts: list[StartFigure] = field(default_factory=list)
    swaps: list[SwapFigure] = field(default_factory=list)
    dispatches: list[DispatcherFigure] = field(default_factory=list)

    def page(self) -> str:
        """The whole page."""
        sections = (self._evaluator(), self._start(), self._swap(), self._dispatcher())
        return "\n".join(
            [
                _HEAD.format(machine=self.machine, command=self.command),
                *(line for section in sections for line in (*section, "")),
            ]
        )

    def _evaluator(self) -> list[str]:
        rows = [_evaluated(runs) for runs in self.evaluations]
        return [
            "## The evaluator process",
            "",
            "Events of about 700 bytes on four partitions. The evaluator reads, decides, publishes firings and",
            "receipts with full acknowledgement, and commits. The bare loop (aiokafka `getmany` and `orjson.loads`)",
            "reads the same topic and does nothing with it. *Of type*: whether all triggers listen to the events' own",
            "type, each with a condition of its own (equality, list, range), or all but one to types of their own.",
            "Of the runs of either side the fastest is told: what else a machine does only ever slows one down.",
            "",
            "| triggers | of type | events that match | events | evaluator, events/s | firings/s "
            "| bare loop, events/s | ratio | all runs, evaluator beside bare loop |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
        ]

    def _start(self) -> list[str]:
        rows = [
            f"| {f.triggers:,} | {f.read_seconds:.2f} s | {f.apply_seconds:.2f} s | {f.index_seconds:.2f} s "
            f"| {f.change_ms:.2f} ms | {f.rss_mb:,.0f} MB |"
            for f in self.starts
        ]
        return [
            "## From triggers to rules in force",
            "",
            "Triggers of one type, each with a condition of its own (equality, list of ten, range), as an evaluator",
            "that starts meets them. *Read*: from the topic's records to triggers. *Put in force*: made ready,",
            "ordered, fingerprinted, and *indexed*. *One change*: putting one trigger's new revision in force, the",
            "median of 200. Memory is that of the whole process, records included.",
            "",
            "| triggers | read | put in force | of it the index | one change | memory |",
            "|---|---|---|---|---|---|",
            *rows,
        ]

    def _swap(self) -> list[str]:
        rows = [
            f"| {f.rules:,} | {f.events_per_second:,.0f} | {name} | {changes:,} | {stall.longest_gap_ms:,.0f} ms "
            f"| {stall.usual_wait_ms:,.0f} ms | {stall.longest_wait_ms:,.0f} ms |"
            for f in self.swaps
            for name, changes, stall in (("none", 0, f.quiet), ("all the time", f.changes, f.changing))
        ]
        return [
            "## While triggers change",
            "",
            "Events of one type come steadily, and triggers of that type are saved all the time or not at all, one run",
            "after the other in one process. *Gap*: between two receipts. *Wait*: from the append of the last event",
            "of a receipt to that of the receipt itself: fetched, decided, published, acknowledged.",
            "",
            "| triggers | events/s | changes | how many | longest gap | usual wait | longest wait |",
            "|---|---|---|---|---|---|---|",
            *rows,
        ]

    def _dispatcher(self) -> list[str]:
        rows = [
            f"| {f.firings:,} | {f.per_second:,.0f} | {f.bare_per_second:,.0f} | {f.ratio:.0%} |"
            for f in self.dispatches
        ]
        return [
            "## The dispatcher process",
            "",
            "Firings wait on the topic; the dispatcher takes them in, freezes plans, claims, signs, calls a local",
            "receiver, and records every attempt and outcome in PostgreSQL. The bare client posts bodies of one",
            "kilobyte to the same receiver, 64 at a time, and keeps no record. Rates are those between the first tenth",
            "and the ninth, as the receiver saw them.",
            "",
            "| firings | dispatcher, calls/s | bare client, calls/s | ratio |",
            "|---|---|---|---|",
            *rows,
        ]


def _evaluated(runs: Sequence[EvaluatorFigure]) -> str:
    """The row of one load."""
    load, fastest = runs[0].load, max(runs, key=lambda run: run.events_per_second)
    bare = max(run.bare_events_per_second for run in runs)
    each = ", ".join(f"{run.events_per_second:,.0f} : {run.bare_events_per_second:,.0f}" for run in runs)
    return (
        f"| {load.rules:,} | {'the same' if load.same_type else 'others'} | {load.share:.0%} | {load.events:,} "
        f"| {fastest.events_per_second:,.0f} | {fastest.firings_per_second:,.0f} | {bare:,.0f} "
        f"| {fastest.events_per_second / bare:.0%} | {each} |"
    )
