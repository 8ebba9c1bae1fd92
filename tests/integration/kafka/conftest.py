"""The world of the Kafka tests: a real broker, topics of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.loops import World, publishing

from ensue.kafka.producer import PublisherConfig
from ensue_devstack.servers import Servers


@pytest.fixture
async def world(servers: Servers, topic_prefix: str) -> AsyncIterator[World]:
    """A publisher and this test's topics."""
    async with publishing(PublisherConfig(servers.kafka_bootstrap, topic_prefix)) as publisher:
        yield World(servers.kafka_bootstrap, topic_prefix, publisher)
