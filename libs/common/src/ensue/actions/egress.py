"""How a call leaves the house: one POST, no redirects, no environment proxy, a checked address, a bounded answer.

Built once by the dispatcher's composition root and handed to action kinds as their `Http` port. The address is checked
where the socket is made, on what was resolved, for names and literals alike. Each tenant has connections of its own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from ensue.actions.addresses import AddressPolicy, ForbiddenAddress
from ensue.actions.kind import Answer, Fault, Post
from ensue.core.errors import EnsueError

MAX_ANSWER_BYTES = 64 * 1024
RESOLVER_THREADS = 32
LOOKUPS_PER_TENANT = 8
_AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int, ...]]
Lookup = Callable[..., Sequence[tuple[Any, Any, int, str, Any]]]  # as socket.getaddrinfo


class CallFailed(EnsueError):
    """No usable answer came: `fault` says whether the time ran out or the network failed."""

    def __init__(self, fault: Fault, why: str) -> None:
        super().__init__(why)
        self.fault = fault


class TenantResolver(AbstractResolver):
    """The system's resolver on shared threads, a few of them at a time for one tenant.

    A name that hangs holds its thread until the system gives up, whatever became of the call: without a share of its
    own, one tenant's names could keep all others from being looked up.
    """

    def __init__(self, threads: ThreadPoolExecutor, lookup: Lookup = socket.getaddrinfo) -> None:
        self._threads = threads
        self._lookup = lookup
        self._room = asyncio.Semaphore(LOOKUPS_PER_TENANT)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a name."""
        await self._room.acquire()
        ask = partial(self._lookup, host, port, family=family, type=socket.SOCK_STREAM)
        asking = asyncio.get_running_loop().run_in_executor(self._threads, ask)
        asking.add_done_callback(self._over)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await asyncio.shield(asking)
        ]

    async def close(self) -> None:
        """The threads are shared: ended by `GuardedHttp`."""

    def _over(self, asked: asyncio.Future[Any]) -> None:
        self._room.release()
        if not asked.cancelled():
            asked.exception()  # whoever asked may have gone, and it is no fault then


class GuardedHttp:
    """The `Http` port over aiohttp. Use as an async context manager."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)  # without waiting for a lookup that hangs

    async def post(self, tenant: str, post: Post, within: timedelta) -> Answer:
        """Send once. Raises ForbiddenAddress or CallFailed."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await self._exchange(self._session(tenant), post)
        except TimeoutError:
            raise CallFailed(Fault.TIMEOUT, f"no answer within {within.total_seconds():g} s") from None
        except ValueError as error:  # of the URL: everything else in a call was checked when it was planned
            raise ForbiddenAddress("the host is not spelled as a name or an address is") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailed(Fault.NETWORK, f"no answer: {type(error).__name__}: {_said(error)}") from error

    async def _exchange(self, session: aiohttp.ClientSession, post: Post) -> Answer:
        url = URL(post.url, encoded=True)
        async with session.post(url, data=post.body, headers=post.headers, allow_redirects=False) as response:
            body = await _read(response)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, body)

    def _session(self, tenant: str) -> aiohttp.ClientSession:
        session = self._sessions.get(tenant)
        if session is None:
            session = self._sessions[tenant] = self._open()
        return session

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,  # the dispatcher counts calls per target itself
            resolver=TenantResolver(self._threads),
            happy_eyeballs_delay=None,  # one address after the other: the first forbidden one ends the call
            socket_factory=self._socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    def _socket(self, info: _AddrInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self._policy.permits(str(address[0])):
            raise ForbiddenAddress(f"{address[0]} is not a public address")
        return socket.socket(family, kind, protocol)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    while len(body) < MAX_ANSWER_BYTES and (chunk := await response.content.read(MAX_ANSWER_BYTES - len(body))):
        body += chunk
    return bytes(body)


def _said(error: BaseException) -> str:
    """The operating system's words, without the address that was called."""
    return (error.strerror or "") if isinstance(error, OSError) else str(error)
