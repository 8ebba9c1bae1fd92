"""The running API of these tests, on the real PostgreSQL and Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from tests.integration.trigger_api.world import World, running_api

from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers


@pytest_asyncio.fixture
async def world(servers: Servers, database: ScratchDatabase, topic_prefix: str) -> AsyncIterator[World]:
    """An API with Kafka and PostgreSQL in good health."""
    async with running_api(database.url("ensue_trigger_api"), servers.kafka_bootstrap, topic_prefix) as running:
        yield running
