"""Pytest fixtures: real servers for a run, and for each test its own topics and its own database, cheaply.

Loaded by pytest through the entry point `ensue_devstack`. The fixtures are synchronous, so that tests of either kind
can use them; what they await runs in a loop of its own. Heavy imports wait for the first test that needs servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from ensue_devstack.databases import ScratchDatabase
    from ensue_devstack.running_stack import RunningStack
    from ensue_devstack.servers import Servers

Result = TypeVar("Result")

TEST_STACK = ".ensue/test"
WHOLE_STACK = ".ensue/whole"


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """A Kafka and a PostgreSQL: those that the environment names, else our own, for all workers of this run."""
    from ensue_devstack.servers import overrides
    from ensue_devstack.shared_servers import shared_servers

    named = overrides().complete()
    if named is not None:
        yield named
    else:
        with shared_servers(pytestconfig.rootpath / TEST_STACK) as own:
            yield own


@pytest.fixture
def topic_prefix(servers: Servers, pytestconfig: pytest.Config) -> Iterator[str]:
    """A prefix of this test's own under which all topics exist, with two partitions each."""
    from ensue_devstack.scratch_topics import delete_topics, fresh_prefix, make_topics

    prefix = fresh_prefix()
    _apart(make_topics(servers.kafka_bootstrap, prefix, pytestconfig.rootpath))
    yield prefix
    _apart(delete_topics(servers.kafka_bootstrap, prefix))


@pytest.fixture
def database(servers: Servers) -> Iterator[ScratchDatabase]:
    """A database of this test's own with every installed schema; `.url(role)` is a service's address of it."""
    from ensue_devstack.databases import clone_database, drop_database

    copy = _apart(clone_database(servers.database_url))
    yield copy
    _apart(drop_database(servers.database_url, copy.name))


@pytest.fixture(scope="session")
def running_stack(pytestconfig: pytest.Config) -> Iterator[RunningStack]:
    """Every server and service as a supervised stack that begins empty; its processes may be killed."""
    from ensue_devstack.layout import Layout
    from ensue_devstack.running_stack import running
    from ensue_devstack.stack import Stack

    with running(Stack(Layout((pytestconfig.rootpath / WHOLE_STACK).resolve()))) as stack:
        yield stack


def _apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` to its end in a thread with a fresh loop, whatever loop the test itself has."""
    with ThreadPoolExecutor(1, thread_name_prefix="ensue-fixture") as pool:
        return pool.submit(asyncio.run, work).result()
