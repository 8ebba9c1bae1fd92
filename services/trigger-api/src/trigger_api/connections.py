"""One HTTP connection as `server` serves it: uvicorn's, with bounds on what comes before any route is asked.

httptools keeps whatever a head or a trailer holds, so without a bound a stranger without a key could fill the memory.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trigger_api.problems import HEAD_TOO_LARGE, INVALID, MEDIA_TYPE, TIMEOUT, Problem, ProblemType, body_of

MAX_HEAD_BYTES: Final = 64 * 1024
_REFUSED: Final = {
    HEAD_TOO_LARGE: f"Address and headers have more than {MAX_HEAD_BYTES} bytes.",
    INVALID: "This is not HTTP/1.1.",
    TIMEOUT: "The headers did not arrive in time.",
}


class BoundedConnection(HttpToolsProtocol):
    """Refuses a head (or a trailer) that is too large or too slow, with a problem document like every other error."""

    head_seconds: ClassVar[float] = 30.0
    _head_bytes = 0  # of the message's address, headers and trailers
    _unread_bytes = 0  # received since anything of it was complete
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """A head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Let the parser see it, then count what it holds back."""
        if self.transport.is_closing():
            return
        self._unread_bytes += len(data)
        super().data_received(data)
        if self._unread_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._deadline is None:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or a trailer."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._unread_bytes = 0
        self._head_is_there()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unread_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        self._unread_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn says where the parser gives up."""
        del msg
        self._refuse(HEAD_TOO_LARGE if self._head_bytes > MAX_HEAD_BYTES else INVALID)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ValueError("the head is too large")  # ends the parser, which ends in `send_400_response`

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self._refuse, TIMEOUT)

    def _head_is_there(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, kind: ProblemType) -> None:
        body = body_of(Problem(kind, _REFUSED[kind]))
        head = (
            f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
