"""Reports, after the house rules ran, the files that are still allowed but longer than we aim at."""

from __future__ import annotations

import pytest
from tests.house.rules import FILE_LINES_AIM
from tests.house.source import our_sources


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every file over the aim, longest first."""
    long = sorted(((s.line_count, s.path) for s in our_sources() if s.line_count > FILE_LINES_AIM), reverse=True)
    if long:
        terminalreporter.section(f"files longer than the aim of {FILE_LINES_AIM} lines")
        for count, path in long:
            terminalreporter.write_line(f"{count:>4}  {path}")
