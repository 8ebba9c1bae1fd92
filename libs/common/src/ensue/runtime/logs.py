"""Structured logs: one JSON object a line on stdout, the same for our code and for the libraries that we use.

Every line has at, level, event, service, instance; lines written within `bind(...)` carry the chain. Never log an
event's data, a request's body or a secret: nothing here removes them. Configured once by `ensue.runtime.lifecycle`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from select import PIPE_BUF
from typing import Any, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import FilteringBoundLogger, Processor

# From which level on libraries speak, unless we debug: their INFO says nothing to an operator, and that a server is
# away is said once by our adapters.
_QUIET_LIBRARIES = {
    "aiokafka": logging.WARNING,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "uvicorn": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "faust": logging.WARNING,
    "asyncpg.pool": logging.ERROR,
}
_FIRST_KEYS = ("at", "level", "event", "service", "instance")


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of a module: `log = get_logger(__name__)`, then `log.info("outbox_relayed", rows=3)`."""
    logger: FilteringBoundLogger = structlog.get_logger(module=name)
    return logger


def info_each(logger: FilteringBoundLogger, event: str, lines: Iterable[Mapping[str, object]]) -> None:
    """`logger.info(event, **line)` for each of `lines`, at a tenth of the price: for what is said thousands of times
    a second. What they share is worked out once and has one `at`; they are written by the block, each small enough
    that processes which share a pipe do not cut into each other's lines.
    """
    if not logger.is_enabled_for(logging.INFO):
        return
    config = structlog.get_config()
    *chain, last = config["processors"]
    if last is not _render:  # not configured by us: a test listens
        for line in lines:
            logger.info(event, **line)
        return
    shared: MutableMapping[str, Any] = {**structlog.get_context(logger.bind()), "event": event}
    for processor in chain:
        shared = processor(logger, "info", shared)
    shared = _ordered(shared)
    begun = _dumped(shared)[:-1]
    out = config["logger_factory"]()
    for block in _blocks(_continued(begun, shared, line) for line in lines):
        out.info(block)


def _continued(begun: bytes, shared: Mapping[str, object], line: Mapping[str, object]) -> bytes:
    """A line that begins with what is shared, written already but for its brace, unless it says some of that anew."""
    if not line or not shared.keys().isdisjoint(line):
        return _dumped({**shared, **line})
    return b"%b,%b" % (begun, _dumped(line)[1:])


def _blocks(lines: Iterable[bytes]) -> Iterator[str]:
    block: list[bytes] = []
    size = 0
    for line in lines:
        if block and size + len(line) + 1 > PIPE_BUF:
            yield b"\n".join(block).decode()
            block, size = [], 0
        block.append(line)
        size += len(line) + 1
    if block:
        yield b"\n".join(block).decode()


@contextmanager
def bind(
    *,
    tenant: str | None = None,
    correlation_id: UUID | None = None,
    trigger_id: UUID | None = None,
    firing_id: UUID | None = None,
) -> Iterator[None]:
    """Put the chain on every line logged inside, tasks started inside included."""
    given = {"tenant": tenant, "correlation_id": correlation_id, "trigger_id": trigger_id, "firing_id": firing_id}
    with structlog.contextvars.bound_contextvars(**{k: str(v) for k, v in given.items() if v is not None}):
        yield


def configure_logs(service: str, level: str = "info", *, instance: str = "", stream: TextIO | None = None) -> None:
    """Send everything from `level` up, from structlog and from the standard library, to `stream` (stdout) as JSON."""
    out = sys.stdout if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _Identity(service, instance),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]
    structlog.configure(
        processors=[*shared, _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _bridge_standard_library(out, number, shared)


def _bridge_standard_library(out: TextIO, level: int, shared: list[Processor]) -> None:
    handler = logging.StreamHandler(out)
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    chain: list[Processor] = [_module_name, *shared]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=[strip, _render]))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for library, least in _QUIET_LIBRARIES.items():
        logging.getLogger(library).setLevel(level if level <= logging.DEBUG else max(level, least))


class _Identity:
    """Puts service and instance on every line."""

    def __init__(self, service: str, instance: str) -> None:
        self._identity = {"service": service, "instance": instance}

    def __call__(self, _: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line.update(self._identity)
        return line


def _module_name(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record: logging.LogRecord = line["_record"]
    line["module"] = record.name
    return line


def _render(_: object, __: str, line: MutableMapping[str, Any]) -> str:
    return _dumped(_ordered(line)).decode()


def _ordered(line: Mapping[str, Any]) -> dict[str, Any]:
    return {key: line[key] for key in _FIRST_KEYS if key in line} | dict(line)


def _dumped(line: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # what strict JSON cannot say (a lone surrogate, a number over 64 bits) must not stop a log
        return json.dumps(line, default=str, skipkeys=True).encode()
