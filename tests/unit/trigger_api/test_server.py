"""What the HTTP server itself refuses, before any route is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from uvicorn import Config
from uvicorn.server import ServerState

from trigger_api import server
from trigger_api.connections import BoundedConnection

KIB = 1024
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server whose every address says hello."""
    stopping, listener = asyncio.Event(), server.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    serving = asyncio.create_task(server.serve(PlainTextResponse("hello"), listener, stopping, lambda: 1.0))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        stopping.set()
        await serving


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    """Status, head and body of an answer after which the server closes."""
    head, _, body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


def problem(body: bytes) -> dict[str, Any]:
    """The problem document."""
    document: dict[str, Any] = json.loads(body)
    return document


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (GET + b"X-A: ", b"a"),
        (GET, b"X-A: b\r\n"),
        (b"GET /", b"a"),
        (POST, b"X-A: b\r\n"),
        (POST + b"X-A: ", b"a"),
    ],
)
async def test_a_head_without_end_is_refused_before_it_fills_the_memory(begun: bytes, more: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(begun)
        closed = asyncio.create_task(reader.read())
        part, parts = more * (16 * KIB // len(more)), 0
        while parts < KIB and not closed.done():
            writer.write(part)
            parts += 1
            await asyncio.wait({closed}, timeout=0.001)
        assert closed.done(), "16 MiB were taken"


async def test_a_head_that_is_too_large_is_told_so() -> None:
    async with connected() as (reader, writer):
        writer.write(GET + b"X-A: " + b"a" * 65 * KIB + b"\r\n\r\n")
        status, head, body = await answer(reader)
        assert status == 431
        assert b"content-type: application/problem+json" in head
        assert problem(body)["type"] == "urn:ensue:problem:head-too-large"


async def test_a_large_head_is_taken() -> None:
    async with connected() as (reader, writer):
        writer.write(GET + b"Connection: close\r\nX-A: " + b"a" * 60 * KIB + b"\r\n\r\n")
        status, _, body = await answer(reader)
        assert (status, body) == (200, b"hello")


class Impatient(BoundedConnection):
    """Waits as briefly as a test likes."""

    head_seconds = 0.05


async def test_a_head_that_does_not_come_is_not_waited_for() -> None:
    config = Config(PlainTextResponse("hello"), lifespan="off", log_config=None)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Impatient(config, ServerState(), {}), "127.0.0.1", 0
    )
    async with listening:
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(GET)
        status, _, body = await answer(reader)
        assert (status, problem(body)["type"]) == (408, "urn:ensue:problem:request-timeout")
        writer.close()


async def test_what_is_not_http_is_answered_with_a_problem() -> None:
    async with connected() as (reader, writer):
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")
        status, head, body = await answer(reader)
        assert status == 400
        assert b"content-type: application/problem+json" in head
        assert problem(body)["title"] == "The request is not valid"
