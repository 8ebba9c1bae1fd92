"""Structured logs: one JSON object a line on stdout, the same for our code and for the libraries that we use.

Every line has at, level, event, service, instance; lines written within `bind(...)` carry the chain. Never log an
event's data, a request's body or a secret: nothing here removes them. Configured once by `ensue.runtime.lifecycle`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
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
    ordered = {key: line[key] for key in _FIRST_KEYS if key in line}
    ordered.update(line)
    try:
        return orjson.dumps(ordered, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # what strict JSON cannot say (a lone surrogate, a number over 64 bits) must not stop a log
        return json.dumps(ordered, default=str, skipkeys=True)
