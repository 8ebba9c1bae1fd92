"""What a benchmark runs on: real servers, topics and a database of its own, and service processes started by hand.

Used by each benchmark; the servers are those of `KAFKA_BOOTSTRAP` and `DATABASE_URL`, else a stack of our own.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.topics import apply_topics
from ensue.runtime.metrics import Metrics
from ensue.wire.topics import OutgoingRecord
from ensue_devstack.databases import ScratchDatabase, clone_database, drop_database
from ensue_devstack.scratch_topics import delete_topics, topic_list
from ensue_devstack.servers import Servers, overrides
from ensue_devstack.stack import Stack
from ensue_devstack.state import Extent

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
READY_SECONDS = 60.0
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Scene:
    """Servers, and what on them belongs to this benchmark alone."""

    servers: Servers
    prefix: str
    database: ScratchDatabase

    def environment(self, role: str) -> dict[str, str]:
        """The settings of a service that runs in this scene as `role`."""
        return {
            "ENSUE_KAFKA_BOOTSTRAP": self.servers.kafka_bootstrap,
            "ENSUE_TOPIC_PREFIX": self.prefix,
            "ENSUE_DATABASE_URL": self.database.url(role),
            "ENSUE_LOG_LEVEL": "warning",
        }


@contextmanager
def bench_servers() -> Iterator[Servers]:
    """The servers that the environment names, else those of a stack that lives as long as the benchmark."""
    named = overrides().complete()
    if named is not None:
        yield named
        return
    with TemporaryDirectory(prefix="ensue-bench-") as folder:
        stack = Stack.of(Path(folder))
        info = stack.raise_up(Extent.SERVERS).info
        try:
            yield Servers(info.kafka_bootstrap, info.database_url)
        finally:
            stack.take_down()
            stack.reset()


@asynccontextmanager
async def scene(servers: Servers) -> AsyncIterator[Scene]:
    """Fresh topics and a fresh database, removed at the end."""
    prefix = f"bench-{secrets.token_hex(4)}."
    await apply_topics(servers.kafka_bootstrap, prefix, topic_list(ROOT), partitions=PARTITIONS, replication=1)
    database = await clone_database(servers.database_url)
    try:
        yield Scene(servers, prefix, database)
    finally:
        await drop_database(servers.database_url, database.name)
        await delete_topics(servers.kafka_bootstrap, prefix)


async def publish(place: Scene, records: Iterable[OutgoingRecord]) -> None:
    """Publish all of `records`, in chunks, with full acknowledgement."""
    publisher = KafkaPublisher(PublisherConfig(place.servers.kafka_bootstrap, place.prefix), Metrics())
    await publisher.start()
    try:
        chunk: list[OutgoingRecord] = []
        for record in records:
            chunk.append(record)
            if len(chunk) == CHUNK:
                await publisher.publish(chunk)
                chunk = []
        await publisher.publish(chunk)
    finally:
        await publisher.stop()


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def service(
    package: str, environment: Mapping[str, str], ready_within: float = READY_SECONDS
) -> AsyncIterator[int]:
    """Run `python -m <package>` until it is ready, and stop it at the end. Gives its metrics port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", package, env={**os.environ, **environment, "ENSUE_METRICS_PORT": str(port)}
    )
    try:
        async with asyncio.timeout(ready_within):
            await _ready(f"http://127.0.0.1:{port}/health/ready", process)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"a service ended with {process.returncode} before it was ready")
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # it does not listen yet
            await asyncio.sleep(0.05)
