"""Reading the logs of a stack: the last lines, then whatever is written, whole lines only."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from ensue.core.errors import InvalidValue
from ensue_devstack.layout import Layout
from ensue_devstack.logs import follow, last_lines, log_files


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout.of(tmp_path)
    layout.make()
    layout.log("kafka").write_text("k1\nk2\nk3\n")
    layout.log("audit").write_text("a1\n")
    return layout


def test_all_logs_or_one(layout: Layout) -> None:
    assert list(log_files(layout, None)) == ["audit", "kafka"]
    assert log_files(layout, "kafka") == {"kafka": layout.log("kafka")}
    with pytest.raises(InvalidValue, match="no log of 'nobody'; there are: audit, kafka"):
        log_files(layout, "nobody")


@pytest.mark.parametrize(
    ("count", "lines"),
    [
        (2, [("audit", "a1"), ("kafka", "k2"), ("kafka", "k3")]),
        (0, []),
        (9, [("audit", "a1"), ("kafka", "k1"), ("kafka", "k2"), ("kafka", "k3")]),
    ],
)
def test_the_last_lines_of_each(layout: Layout, count: int, lines: list[tuple[str, str]]) -> None:
    assert list(last_lines(log_files(layout, None), count)) == lines


def test_following_gives_what_is_written_from_now_on(layout: Layout) -> None:
    going_on = follow(log_files(layout, None))
    with layout.log("kafka").open("a") as log:
        log.write("k4\nk5\nhalf")
    assert list(islice(going_on, 2)) == [("kafka", "k4"), ("kafka", "k5")]
    with layout.log("kafka").open("a") as log:
        log.write(" of it\n")
    assert next(going_on) == ("kafka", "half of it")


def test_a_log_that_was_begun_anew_is_read_from_its_start(layout: Layout) -> None:
    going_on = follow(log_files(layout, "kafka"))
    layout.log("kafka").write_text("new\n")
    assert next(going_on) == ("kafka", "new")
