"""docs/traceability.md is what the marks say now, and a mark cannot name a row that is not there."""

from __future__ import annotations

import subprocess
import sys

import pytest
from scripts.trace import REQUIREMENTS, ROOT, TraceError, proofs, read_rows, render

TWO_ROWS = """
## 6. Chains

| id | requirement | seed | how it is seen |
|---|---|---|---|
| R6.1 | A chain ends. | 000 | Count its events. |
| R6.2 | It says why. | 000 D | One blocked row. |
"""


def test_the_rows_of_the_requirements_are_all_read() -> None:
    text = REQUIREMENTS.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| R")]
    described = [line for line in lines if not line.startswith("| R20.")]
    assert len(read_rows(text)) == len(described) > 300


def test_a_row_names_its_tests_and_the_others_are_listed() -> None:
    rows = read_rows(TWO_ROWS)
    page = render(
        rows, proofs(rows, [("tests/e2e/test_chain.py::test_b", ("R6.2",)), ("tests/a.py::test_a", ("R6.2",))])
    )
    assert "**1 of 2 rows have a test.**" in page
    assert "| R6.2 | One blocked row. | `tests/a.py::test_a`<br>`tests/e2e/test_chain.py::test_b` |" in page
    assert "Without a test: R6.1" in page


@pytest.mark.parametrize("named", [("R6.99",), (), (6.2,), ("r6.2",)])
def test_a_mark_that_names_no_row_is_an_error(named: tuple[object, ...]) -> None:
    with pytest.raises(TraceError, match=r"tests/a.py::test_a"):
        proofs(read_rows(TWO_ROWS), [("tests/a.py::test_a", named)])


def test_a_row_that_stands_twice_is_an_error() -> None:
    with pytest.raises(TraceError, match=r"R6\.1 stands twice"):
        read_rows(TWO_ROWS + "| R6.1 | Again. | 000 | Twice. |\n")


def test_the_page_is_up_to_date() -> None:
    command = [sys.executable, "scripts/trace.py", "--check"]
    check = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
