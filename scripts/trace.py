"""Says which requirement is proven by which tests: prints it and writes docs/traceability.md. Behind `make trace`.

Rows come from docs/requirements.md, proofs from the marks `@pytest.mark.requirement("R6.2")` of the collected tests;
nothing is run. Exit 0 done, 1 docs/traceability.md is out of date (with --check), 2 a mark or a test cannot be read.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "docs" / "requirements.md"
TRACEABILITY = ROOT / "docs" / "traceability.md"
HEADING = re.compile(r"^## (?P<title>\d+\. .+)$")
ROW = re.compile(r"^\| (?P<id>R\d+\.\d+) \| (?P<text>.+?) \| (?P<seed>[^|]*) \| (?P<seen>.+) \|$")
BESIDE = "20."


class TraceError(Exception):
    """The rows or the marks cannot be read; the message names the place."""


@dataclass(frozen=True)
class Row:
    """One requirement. `seen` is its last column: what a test of it must see."""

    id: str
    section: str
    text: str
    seen: str


@dataclass(eq=False)
class Collector:
    """A pytest plugin that notes the requirement marks of everything collected."""

    marks: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note (test, marked rows); the cases of a parametrized test are one test."""
        for item in session.items:
            for mark in item.iter_markers("requirement"):
                self.marks.append((item.nodeid.partition("[")[0], mark.args))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected: its marks would be missed."""
        if report.failed:
            self.errors.append(f"{report.nodeid}: {report.longreprtext}")


def read_rows(text: str) -> tuple[Row, ...]:
    """Every row of the requirements, in their order. An id that stands twice is an error.

    The last section names what is beside the system; its rows ask for nothing and are left out.
    """
    rows: dict[str, Row] = {}
    section = ""
    for line in text.splitlines():
        if heading := HEADING.match(line):
            section = heading["title"]
        elif (match := ROW.match(line)) and not section.startswith(BESIDE):
            if match["id"] in rows:
                raise TraceError(f"{REQUIREMENTS.name}: {match['id']} stands twice")
            rows[match["id"]] = Row(match["id"], section, match["text"].strip(), match["seen"].strip())
    return tuple(rows.values())


def proofs(rows: Sequence[Row], marks: Iterable[tuple[str, tuple[object, ...]]]) -> Mapping[str, Sequence[str]]:
    """The tests of each row. A mark that names no row, or a row that does not exist, is an error."""
    found: dict[str, set[str]] = {row.id: set() for row in rows}
    wrong = []
    for test, named in marks:
        if not named:
            wrong.append(f"{test}: the mark names no row")
        for name in named:
            if isinstance(name, str) and name in found:
                found[name].add(test)
            else:
                wrong.append(f"{test}: {name!r} is no row of docs/{REQUIREMENTS.name}")
    if wrong:
        raise TraceError("\n".join(sorted(wrong)))
    return {row: sorted(tests) for row, tests in found.items()}


def render(rows: Sequence[Row], tests: Mapping[str, Sequence[str]]) -> str:
    """The page: for each section the rows that are proven, with their tests, and the ids of the others."""
    proven = sum(1 for row in rows if tests[row.id])
    parts = [
        "# Traceability\n",
        "Which row of [requirements.md](requirements.md) is proven by which tests. Written by `make trace` from the",
        'marks `@pytest.mark.requirement("R6.2")`; a house test fails when this page is out of date.\n',
        f"**{proven} of {len(rows)} rows have a test.**",
    ]
    for section in dict.fromkeys(row.section for row in rows):
        parts += ["", *_section(section, [row for row in rows if row.section == section], tests)]
    return "\n".join(parts) + "\n"


def collect() -> Collector:
    """Collect every test without running one."""
    collector = Collector()
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(ROOT / "tests")], plugins=[collector])
    if collector.errors or code != pytest.ExitCode.OK:
        raise TraceError("\n".join(collector.errors) or f"pytest ended its collection with {code}")
    return collector


def main(arguments: Sequence[str]) -> int:
    """Print and write the page, or with --check only compare it."""
    parser = argparse.ArgumentParser(description="Which requirement is proven by which tests.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the page is out of date")
    check = parser.parse_args(arguments).check
    try:
        rows = read_rows(REQUIREMENTS.read_text(encoding="utf-8"))
        tests = proofs(rows, collect().marks)
    except TraceError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    page = render(rows, tests)
    if check:
        current = TRACEABILITY.exists() and TRACEABILITY.read_text(encoding="utf-8") == page
        sys.stdout.write("" if current else "docs/traceability.md is out of date: run make trace\n")
        return 0 if current else 1
    TRACEABILITY.write_text(page, encoding="utf-8")
    sys.stdout.write(_summary(rows, tests))
    return 0


def _section(title: str, rows: Sequence[Row], tests: Mapping[str, Sequence[str]]) -> list[str]:
    proven = [row for row in rows if tests[row.id]]
    open_ids = [row.id for row in rows if not tests[row.id]]
    lines = [f"## {title}", ""]
    if proven:
        lines += ["| row | how it is seen | tests |", "|---|---|---|"]
        lines += [f"| {row.id} | {row.seen} | {'<br>'.join(f'`{test}`' for test in tests[row.id])} |" for row in proven]
    if open_ids:
        lines += ["", "Without a test: " + " ".join(open_ids)] if proven else ["Without a test: " + " ".join(open_ids)]
    return lines


def _summary(rows: Sequence[Row], tests: Mapping[str, Sequence[str]]) -> str:
    lines = []
    for row in rows:
        if tests[row.id]:
            lines.append(f"{row.id:<7} {row.text[:100]}")
            lines += [f"        {test}" for test in tests[row.id]]
    proven = sum(1 for row in rows if tests[row.id])
    return "\n".join([*lines, f"{proven} of {len(rows)} rows have a test; written to docs/traceability.md", ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
