"""docs/BENCHMARKS.md has two halves, written by two commands; each leaves the other's as it is."""

from __future__ import annotations

from tests.bench.scene import ROOT

PAGE = ROOT / "docs" / "BENCHMARKS.md"
MATCHING = "## Matching\n"


def write_processes(half: str) -> None:
    """The first half: the processes beside bare loops (`make bench`)."""
    _, heading, matching = _present().partition(MATCHING)
    PAGE.write_text(half.rstrip("\n") + "\n" + (f"\n{heading}{matching}" if heading else ""))


def write_matching(half: str) -> None:
    """The second half: the matcher by shape (`python -m tests.bench.matching --write`)."""
    processes = _present().partition(MATCHING)[0]
    PAGE.write_text((processes.rstrip("\n") + "\n\n" if processes else "") + MATCHING + half.rstrip("\n") + "\n")


def _present() -> str:
    return PAGE.read_text() if PAGE.exists() else ""
