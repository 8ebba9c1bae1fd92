"""A way to PostgreSQL that can be cut, frozen and mended: a test sees what a service sees when its server goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class CuttableWay:
    """Forwards TCP to a target. `cut` ends all connections and refuses new ones; `freeze` lets nothing through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    async def mend(self) -> None:
        """Listen (again, on the same port) and let everything through."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection, refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Keep connections open and let nothing through."""
        self._flowing.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._forward(reader, back), self._forward(there, writer))
        except ConnectionError:
            pass
        finally:
            for end in (writer, back):
                self._writers.discard(end)
                end.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            await self._flowing.wait()
            writer.write(chunk)
            await writer.drain()
        raise ConnectionResetError("one end closed")


@asynccontextmanager
async def cuttable(url: str) -> AsyncIterator[tuple[CuttableWay, str]]:
    """A way to the server of `url`, and the URL that goes over it."""
    parts = urlsplit(url)
    way = CuttableWay(parts.hostname or "127.0.0.1", parts.port or 5432)
    await way.mend()
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield way, urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{way.port}"))
    finally:
        way._flowing.set()
        await way.cut()
