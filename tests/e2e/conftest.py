"""The whole system for the tests of this folder: every service as a process, on a database and topics of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from tests.support.system import System

from ensue_client import Client
from ensue_devstack.databases import clone_database, drop_database
from ensue_devstack.progress import silent
from ensue_devstack.scratch_topics import delete_topics
from ensue_devstack.servers import Servers
from ensue_devstack.stack import Stack
from ensue_devstack.state import Extent

Result = TypeVar("Result")


@pytest.fixture(scope="session")
def environment(servers: Servers) -> Iterator[dict[str, str]]:
    """The environment of the system under test."""
    with _environment_apart(servers) as environment:
        yield environment


@pytest.fixture
def another_environment(servers: Servers) -> Iterator[dict[str, str]]:
    """The environment of a stack of one test's own."""
    with _environment_apart(servers) as environment:
        yield environment


@pytest.fixture(scope="session")
def system(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The running system."""
    stack = Stack.of(tmp_path_factory.mktemp("system"))
    raised = stack.raise_up(Extent.SERVICES, silent, environment=environment, attached=True)
    try:
        yield System(raised.info, stack.layout.logs)
    finally:
        stack.take_down()
        if raised.leash is not None:
            raised.leash.close()


@pytest.fixture
async def client(system: System) -> AsyncIterator[Client]:
    """A client of the system."""
    async with Client(system.connection) as client:
        yield client


@contextmanager
def _environment_apart(servers: Servers) -> Iterator[dict[str, str]]:
    """The environment of a stack on the servers of this run, apart from everybody else there."""
    database = _apart(clone_database(servers.database_url))
    prefix = f"e2e-{secrets.token_hex(6)}."
    yield {
        **os.environ,
        "KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
        "DATABASE_URL": database.admin_url,
        "ENSUE_TOPIC_PREFIX": prefix,
    }
    _apart(delete_topics(servers.kafka_bootstrap, prefix))
    _apart(drop_database(servers.database_url, database.name))


def _apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` to its end in a thread with a fresh loop, whatever loop the test itself has."""
    with ThreadPoolExecutor(1, thread_name_prefix="e2e-fixture") as pool:
        return pool.submit(asyncio.run, work).result()
