"""Logs: one JSON object a line, the chain on every line within `bind`, nothing can break the logging itself."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from select import PIPE_BUF
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ensue.runtime.logs import bind, configure_logs, get_logger, info_each

FIRING = UUID(int=7)
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Configure logging into memory; the lines so far. Afterwards all is as before."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    configure_logs("evaluator", "info", instance="e-1", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before


def test_a_line_begins_with_when_how_bad_what_and_who(lines: Lines) -> None:
    get_logger("evaluator.app").info("ruleset_loaded", triggers=3)
    [line] = lines()
    assert list(line)[:5] == ["at", "level", "event", "service", "instance"]
    assert line.items() >= {"level": "info", "event": "ruleset_loaded", "service": "evaluator", "triggers": 3}.items()
    assert line["at"].endswith("Z")


def test_the_chain_is_on_every_line_within_and_on_none_after(lines: Lines) -> None:
    log = get_logger(__name__)
    with bind(tenant="studio", firing_id=FIRING):
        log.info("inside")
        with bind(trigger_id=UUID(int=1)):
            logging.getLogger("a.library").warning("deeper")
    log.info("after")
    inside, deeper, after = lines()
    assert (inside["tenant"], inside["firing_id"]) == ("studio", str(FIRING))
    assert (deeper["tenant"], deeper["trigger_id"]) == ("studio", str(UUID(int=1)))
    assert not {"tenant", "firing_id", "trigger_id"} & set(after)


async def test_tasks_started_within_carry_the_chain_and_do_not_mix(lines: Lines) -> None:
    async def work(name: str) -> None:
        await asyncio.sleep(0)
        get_logger(__name__).info("worked", name=name)

    tasks = []
    for tenant in ("a", "b"):
        with bind(tenant=tenant):
            tasks.append(asyncio.create_task(work(tenant)))
    await asyncio.gather(*tasks)
    assert all(line["name"] == line["tenant"] for line in lines())


def test_many_lines_at_once_say_what_each_alone_would(lines: Lines) -> None:
    log = get_logger("evaluator.handler")
    some: list[dict[str, Any]] = [
        {"firing_id": FIRING, "text": "Köln\n", "odd": "\ud800"},
        {"tenant": "own", "big": 2**70},
        {},
    ]
    with bind(tenant="studio"):
        for line in some:
            log.info("firing_decided", **line)
        info_each(log, "firing_decided", some)
    alone, together = lines()[:3], lines()[3:]
    assert [list(line)[:5] for line in together] == [list(line)[:5] for line in alone]
    assert [line | {"at": ""} for line in together] == [line | {"at": ""} for line in alone]


def test_what_a_line_says_anew_stands_in_it_once(lines: Lines) -> None:
    stream = io.StringIO()
    configure_logs("evaluator", "info", stream=stream)
    with bind(tenant="studio"):
        info_each(get_logger(__name__), "firing_decided", [{"tenant": "own", "revision": 1}, {"tenant": "own"}])
    pairs = [json.loads(line, object_pairs_hook=lambda pairs: pairs) for line in stream.getvalue().splitlines()]
    assert [[value for name, value in line if name == "tenant"] for line in pairs] == [["own"], ["own"]]
    assert not lines()


class _Writes(io.StringIO):
    """Remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        return super().write(text)


def test_many_lines_leave_in_blocks_that_a_pipe_takes_whole(lines: Lines) -> None:
    stream = _Writes()
    configure_logs("evaluator", stream=stream)
    sizes = [10] * 50 + [PIPE_BUF] + [300] * 50
    info_each(get_logger(__name__), "said", ({"number": n, "text": "ü" * size} for n, size in enumerate(sizes)))
    written = [json.loads(line)["number"] for block in stream.writes for line in block.removesuffix("\n").split("\n")]
    assert written == list(range(len(sizes)))
    assert [len(block.encode()) > PIPE_BUF for block in stream.writes].count(True) == 1  # one line that is so long
    assert len(stream.writes) < len(sizes) / 2
    assert not lines()


def test_below_their_level_many_lines_are_not_even_made(lines: Lines) -> None:
    configure_logs("evaluator", "warning", stream=io.StringIO())
    info_each(get_logger(__name__), "said", (pytest.fail("made") for _ in range(3)))
    assert not lines()


def test_an_exception_is_one_line(lines: Lines) -> None:
    try:
        int("first\nsecond")
    except ValueError:
        get_logger(__name__).exception("failed")
        logging.getLogger("a.library").exception("failed too")
    ours, theirs = lines()
    for line in (ours, theirs):
        assert line["exception"].startswith("Traceback")
        assert "ValueError: invalid literal" in line["exception"]


def test_what_is_below_the_level_is_not_written_and_chatty_libraries_are_quiet(lines: Lines) -> None:
    get_logger(__name__).debug("fine_detail")
    logging.getLogger("aiokafka.consumer.group_coordinator").info("Joined group")
    logging.getLogger("asyncpg").info("an information")
    assert [line["event"] for line in lines()] == ["an information"]


def test_warnings_of_python_become_lines(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)
    assert lines()[0]["module"] == "py.warnings"


@given(st.text(st.characters(exclude_categories=())), st.integers(), st.binary())
def test_no_value_can_break_a_log_line(text: str, number: int, raw: bytes) -> None:
    stream = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[structlog.processors.add_log_level, _renderer()]
    )
    logger.info("odd", text=text, number=number, raw=raw, thing=object(), mapping={1: text})
    line, end = stream.getvalue().split("\n")
    assert not end
    assert json.loads(line)["number"] in (number, float(number))


def _renderer() -> structlog.typing.Processor:
    configure_logs("x", stream=io.StringIO())
    renderer: structlog.typing.Processor = structlog.get_config()["processors"][-1]
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    return renderer
