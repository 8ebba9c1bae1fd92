"""The outermost layer of the application: names each request, counts it by route template, and answers defects.

Installed by `app`. A defect is logged with its traceback under the request's id and answered as a problem document that
says nothing but that id.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ensue.runtime.clock import Clock
from ensue.runtime.ids import IdFactory
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import HTTP_REQUESTS, HTTP_SECONDS, Metrics
from trigger_api.problems import INTERNAL, MEDIA_TYPE, Problem, body_of

log = get_logger(__name__)

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_UNMATCHED = "(unmatched)"


class Telemetry:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics, clock: Clock, ids: IdFactory) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watched = _Watched(send, f"urn:uuid:{self._ids.new()}")
        started = self._clock.monotonic()
        try:
            await self._app(scope, receive, watched.send)
        except Exception:
            log.exception("request_failed", request=watched.instance, method=scope["method"], route=_route(scope))
            await watched.answer_defect()
        finally:
            self._count(scope, watched.status, self._clock.monotonic() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.inc(HTTP_REQUESTS, method=method, route=_route(scope), status=status)
        self._metrics.observe(HTTP_SECONDS, seconds, method=method, route=_route(scope))


class _Watched:
    """The way out of one answer, which remembers its status. 499: the client went away before there was one."""

    def __init__(self, send: Send, instance: str) -> None:
        self._send = send
        self.instance = instance
        self.status = 499

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.instance.encode())]
        await self._send(message)

    async def answer_defect(self) -> None:
        if self.status != 499:
            return  # the answer has begun; the connection is closed by the server
        problem = Problem(INTERNAL, "The fault is ours; it is logged under this instance.")
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await self.send({"type": "http.response.start", "status": INTERNAL.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body_of(problem, instance=self.instance)})


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", _UNMATCHED))
