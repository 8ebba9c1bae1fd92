"""Health of a process: is it alive, is it ready, and if not, which component and why. Served with the metrics.

Each composition root registers a check per component (database, kafka, relay) and calls `serve` on the service's own
port; supervisors, orchestrators and `ensue dev up` ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import orjson
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ensue.core.errors import EnsueError
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import Metrics

Check = Callable[[], Awaitable[None]]
log = get_logger(__name__)


class Phase(StrEnum):
    """Where the process stands in its life."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Component:
    """A component's verdict; `reason` where it is not ready."""

    ready: bool
    required: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What `/health/ready` says. `status`: starting, ready, degraded (only optional components fail), not_ready or
    stopping.
    """

    status: str
    components: dict[str, Component]

    @property
    def ready(self) -> bool:
        """Whether work may be sent here."""
        return self.status in {"ready", "degraded"}


class Health:
    """The checks of one process. A check returns when its component is well and raises with the reason when not."""

    def __init__(self, *, check_timeout: float = 2.0) -> None:
        self._checks: dict[str, tuple[Check, bool]] = {}
        self._check_timeout = check_timeout
        self._phase = Phase.STARTING

    def register(self, name: str, check: Check, *, required: bool = True) -> None:
        """Add a component; one that is not required degrades the process but leaves it ready."""
        if name in self._checks:
            raise ValueError(f"component {name!r} is registered twice")
        self._checks[name] = (check, required)

    def set_starting(self) -> None:
        """Not ready yet, whatever the checks say."""
        self._phase = Phase.STARTING

    def set_ready(self) -> None:
        """From now on the checks decide."""
        self._phase = Phase.READY

    def set_stopping(self) -> None:
        """Not ready any more: no new work, please."""
        self._phase = Phase.STOPPING

    async def report(self) -> Report:
        """Run every check at once, each with its own timeout."""
        verdicts = await asyncio.gather(*(self._ask(check, required) for check, required in self._checks.values()))
        components = dict(zip(self._checks, verdicts, strict=True))
        return Report(self._status(verdicts), components)

    def _status(self, verdicts: list[Component]) -> str:
        if self._phase is not Phase.READY:
            return self._phase.value
        failing = [verdict for verdict in verdicts if not verdict.ready]
        if any(verdict.required for verdict in failing):
            return "not_ready"
        return "degraded" if failing else "ready"

    async def _ask(self, check: Check, required: bool) -> Component:  # noqa: FBT001 - internal, one caller
        try:
            async with asyncio.timeout(self._check_timeout):
                await check()
        except TimeoutError:
            return Component(ready=False, required=required, reason=f"no answer within {self._check_timeout:g} s")
        except EnsueError as error:
            return Component(ready=False, required=required, reason=str(error))
        except Exception as error:  # noqa: BLE001 - a check that breaks is a component that is not ready
            return Component(ready=False, required=required, reason=f"{type(error).__name__}: {error}")
        return Component(ready=True, required=required)


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A serving health site: the port it really has, and how to end it."""

    port: int
    runner: web.AppRunner

    async def close(self) -> None:
        """Stop serving."""
        await self.runner.cleanup()


def _json(body: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def health_app(health: Health, metrics: Metrics) -> web.Application:
    """The three routes of every service's own port."""

    async def live(_: web.Request) -> web.Response:
        return _json({"status": "live"}, 200)

    async def ready(_: web.Request) -> web.Response:
        report = await health.report()
        return _json({"status": report.status, "components": report.components}, 200 if report.ready else 503)

    async def expose(_: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/health/live", live), web.get("/health/ready", ready), web.get("/metrics", expose)])
    return app


async def serve(health: Health, metrics: Metrics, host: str, port: int) -> RunningServer:
    """Serve health and metrics; port 0 takes a free one, told by the result."""
    runner = web.AppRunner(health_app(health, metrics), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    bound: int = runner.addresses[0][1]
    log.info("health_serving", host=host, port=bound)
    return RunningServer(bound, runner)
