"""The fixture for tests that hurt a whole system: everything is ready, what they kill comes back and is counted."""

from __future__ import annotations

import asyncpg
import pytest
from tests.support.eventually import eventually

from ensue.kafka.admin import admin_client
from ensue.kafka.names import physical
from ensue.wire.topics import Topic
from ensue_devstack.running_stack import RunningStack

pytestmark = pytest.mark.timeout(300)


@pytest.mark.requirement("R18.23")
async def test_a_test_gets_a_whole_stack_that_begins_empty(running_stack: RunningStack) -> None:
    running_stack.assert_ready("trigger_api", "evaluator", "dispatcher", "audit")
    info = running_stack.info
    connection = await asyncpg.connect(info.database_url)
    assert await connection.fetchval("SELECT count(*) FROM triggers.v_ruleset") == 0
    await connection.close()
    async with admin_client(info.kafka_bootstrap) as admin:
        assert {physical(topic, info.topic_prefix) for topic in Topic} <= set(await admin.list_topics())


async def test_a_service_that_a_test_kills_comes_back_and_is_counted(running_stack: RunningStack) -> None:
    before = running_stack.restarts("audit")
    killed = running_stack.kill("audit")
    await eventually(lambda: running_stack.assert_restarted("audit", killed), within=60.0)
    assert running_stack.restarts("audit") == before + 1
    await eventually(running_stack.assert_ready, within=60.0)
