"""A TCP proxy before a Kafka broker that can be cut and frozen. Used by tests of what happens while Kafka is away.

A client asks the broker where the brokers are and goes there directly; so the proxy rewrites the broker's advertised
address in every answer to its own. Host and port have a fixed length, so bytes can be replaced in place.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

HOST = "127.0.0.1"


class KafkaProxy:
    """Listens on a port of its own and forwards whole Kafka frames to `upstream` ("127.0.0.1:port")."""

    def __init__(self, upstream: str) -> None:
        host, port = upstream.split(":")
        if host != HOST:
            raise ValueError(f"the broker must be on {HOST}: its address is replaced in place")
        self._upstream_port = int(port)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    @property
    def address(self) -> str:
        """What to give to clients as bootstrap."""
        return f"{HOST}:{self.port}"

    async def open(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._accepted, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def freeze(self) -> None:
        """Keep connections, let nothing through any more."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let it flow again."""
        self._flowing.set()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connection(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            up_reader, up_writer = await asyncio.open_connection(HOST, self._upstream_port)
            ways = {
                asyncio.ensure_future(self._forward(reader, up_writer, b"", b"")),
                asyncio.ensure_future(self._forward(up_reader, writer, *self._addresses())),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                up_writer.close()
        writer.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, old: bytes, new: bytes
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                size = await reader.readexactly(4)
                frame = await reader.readexactly(int.from_bytes(size, "big"))
                await self._flowing.wait()
                writer.write(size + (frame.replace(old, new) if old else frame))
                await writer.drain()

    def _addresses(self) -> tuple[bytes, bytes]:
        host = HOST.encode()
        return host + self._upstream_port.to_bytes(4, "big"), host + self.port.to_bytes(4, "big")
