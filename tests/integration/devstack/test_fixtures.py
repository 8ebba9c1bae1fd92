"""The fixtures that every integration test stands on."""

from __future__ import annotations

import asyncpg
import pytest

from ensue.kafka.admin import admin_client
from ensue.kafka.names import physical
from ensue.wire.topics import Topic
from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.scratch_topics import PARTITIONS
from ensue_devstack.servers import Servers


@pytest.mark.requirement("R18.8")
async def test_each_test_has_every_topic_under_a_prefix_of_its_own(servers: Servers, topic_prefix: str) -> None:
    mine = [physical(topic, topic_prefix) for topic in Topic]
    async with admin_client(servers.kafka_bootstrap) as client:
        described = await client.describe_topics(mine)

    assert {topic["topic"]: len(topic["partitions"]) for topic in described} == dict.fromkeys(mine, PARTITIONS)


async def test_each_test_has_a_database_of_its_own(servers: Servers, database: ScratchDatabase) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        assert await connection.fetchval("SELECT current_database()") == database.name
        await connection.execute("CREATE TABLE mine (id bigint)")
    finally:
        await connection.close()
    assert database.admin_url != servers.database_url
