"""The servers of a test run where the environment names none: one stack of bare servers for all its workers.

Its data stay between runs, so that the template database need not be made again; what killed runs left in it goes
when the next one begins. Called by the pytest plugin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ensue_devstack.databases import drop_leftovers
from ensue_devstack.layout import Layout
from ensue_devstack.lease import leased
from ensue_devstack.scratch_topics import delete_leftover_topics
from ensue_devstack.servers import Servers, overrides
from ensue_devstack.stack import Stack
from ensue_devstack.state import Extent


@contextmanager
def shared_servers(home: Path) -> Iterator[Servers]:
    """Servers that live as long as somebody uses them."""
    with leased(Stack(Layout(home.resolve())), _begin, _join) as servers:
        yield servers


def _begin(stack: Stack) -> Servers:
    servers, named = _join(stack), overrides()
    if not named.database_url:
        asyncio.run(drop_leftovers(servers.database_url))
    if not named.kafka_bootstrap:
        asyncio.run(delete_leftover_topics(servers.kafka_bootstrap))
    return servers


def _join(stack: Stack) -> Servers:
    info = stack.raise_up(Extent.SERVERS).info
    return Servers(info.kafka_bootstrap, info.database_url)
