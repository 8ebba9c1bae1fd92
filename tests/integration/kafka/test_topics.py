"""`ensue topics apply | check` against a real cluster."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from tests.support.eventually import eventually
from tests.support.kafka_proxy import HOST

from ensue.kafka.admin import admin_client
from ensue.kafka.names import physical
from ensue.kafka.topic_list import TopicList, find_topics_file, load_topics
from ensue.kafka.topics import apply_topics, check_topics
from ensue.wire.topics import Topic
from ensue_devstack.servers import Servers


@pytest.fixture
async def prefix(servers: Servers) -> AsyncIterator[str]:
    """A prefix under which nothing exists yet."""
    prefix = f"topics-{secrets.token_hex(4)}."
    yield prefix
    async with admin_client(servers.kafka_bootstrap) as admin:
        await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(prefix)])


@pytest.fixture
def listed() -> TopicList:
    """The list of the repository."""
    return load_topics(find_topics_file(Path(__file__).parent))


@pytest.mark.requirement("R2.4")
async def test_a_fresh_cluster_gets_exactly_the_listed_topics(servers: Servers, prefix: str, listed: TopicList) -> None:
    applied = await apply_topics(servers.kafka_bootstrap, prefix, listed, replication=1)
    assert len(applied.changed) == len(Topic)
    assert applied.remaining == ()

    async with admin_client(servers.kafka_bootstrap) as admin:
        names = sorted(name for name in await admin.list_topics() if name.startswith(prefix))
        assert names == sorted(physical(topic, prefix) for topic in Topic)
        described = {topic["topic"]: topic for topic in await admin.describe_topics(names)}
        brokers = await _settings(admin, ConfigResourceType.BROKER, "1")
        for topic in Topic:
            name, spec = physical(topic, prefix), listed.topics[topic]
            settings = await _settings(admin, ConfigResourceType.TOPIC, name)
            assert len(described[name]["partitions"]) == spec.partitions
            assert settings["cleanup.policy"] == spec.cleanup.value
            assert settings["max.message.bytes"] == str(spec.max_message_bytes)
            assert settings["message.timestamp.type"] == "LogAppendTime"
            kept = settings["retention.ms" if spec.cleanup == "delete" else "delete.retention.ms"]
            assert timedelta(milliseconds=int(kept)) == spec.retention
    assert brokers["auto.create.topics.enable"] == "false"
    assert await check_topics(servers.kafka_bootstrap, prefix, listed, replication=1) == []


async def test_applying_twice_and_at_the_same_time_changes_nothing(
    servers: Servers, prefix: str, listed: TopicList
) -> None:
    async def apply() -> int:
        return len((await apply_topics(servers.kafka_bootstrap, prefix, listed, replication=1)).remaining)

    assert sum(await asyncio.gather(apply(), apply(), apply())) == 0
    assert (await apply_topics(servers.kafka_bootstrap, prefix, listed, replication=1)).changed == ()


@pytest.mark.requirement("R2.4")
async def test_check_names_each_difference_and_apply_mends_it(servers: Servers, prefix: str, listed: TopicList) -> None:
    small = {"partitions": 2, "replication": 1}
    await apply_topics(servers.kafka_bootstrap, prefix, listed, **small)
    events, dead = physical(Topic.EVENTS, prefix), physical(Topic.DEAD, prefix)
    async with admin_client(servers.kafka_bootstrap) as admin:
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, events, {"retention.ms": "1000", "compression.type": "lz4"})]
        )
        await admin.delete_topics([dead])

    async def all_differences() -> list[str]:
        found = [str(one) for one in await check_topics(servers.kafka_bootstrap, prefix, listed, **small)]
        assert f"{events}: retention.ms is 1000, should be 604800000" in found
        assert f"{events}: message.timestamp.type is CreateTime, should be LogAppendTime" in found
        assert f"{dead}: topic is absent, should be there" in found
        return found

    found = await eventually(all_differences)  # a broker answers before its metadata has followed
    applied = await apply_topics(servers.kafka_bootstrap, prefix, listed, **small)
    assert [str(one) for one in applied.changed] == found
    assert await check_topics(servers.kafka_bootstrap, prefix, listed, **small) == []
    async with admin_client(servers.kafka_bootstrap) as admin:
        assert (await _settings(admin, ConfigResourceType.TOPIC, events))["compression.type"] == "lz4"  # not ours


async def test_partitions_grow_but_not_where_keys_must_stay(servers: Servers, prefix: str, listed: TopicList) -> None:
    await apply_topics(servers.kafka_bootstrap, prefix, listed, partitions=1, replication=1)
    applied = await apply_topics(servers.kafka_bootstrap, prefix, listed, partitions=2, replication=1)
    assert {one.subject for one in applied.remaining} == {
        physical(Topic.TRIGGERS, prefix),
        physical(Topic.SIGNALS, prefix),
    }
    assert len(applied.changed) == len(Topic) - 2


async def test_a_topic_that_nobody_listed_is_a_difference(servers: Servers, prefix: str, listed: TopicList) -> None:
    await apply_topics(servers.kafka_bootstrap, prefix, listed, partitions=1, replication=1)
    async with admin_client(servers.kafka_bootstrap) as admin:
        await admin.create_topics([NewTopic(prefix + "ensue.event", num_partitions=1, replication_factor=1)])

    async def the_difference() -> None:
        found = await check_topics(servers.kafka_bootstrap, prefix, listed, partitions=1, replication=1)
        assert [str(one) for one in found] == [f"{prefix}ensue.event: topic is there, should be absent"]

    await eventually(the_difference)  # a broker answers before its metadata has followed


@pytest.mark.requirement("R18.22")
def test_the_commands_say_yes_no_wrong_and_away(servers: Servers, prefix: str, tmp_path: Path) -> None:
    here = ["--bootstrap", servers.kafka_bootstrap, "--prefix", prefix, "--replication", "1", "--partitions", "1"]
    code, answer = _topics("check", *here, "--json")
    assert code == 1
    assert len(answer["differences"]) == len(Topic)
    code, answer = _topics("apply", *here, "--json")
    assert (code, len(answer["changed"]), answer["remaining"]) == (0, len(Topic), [])
    assert _topics("check", *here, "--json") == (0, {"differences": []})

    wrong = tmp_path / "topics.yml"
    wrong.write_text("topics: {}\n", encoding="utf-8")
    assert _topics("check", *here, "--file", str(wrong))[0] == 2
    assert _topics("check", *here, "--file", str(tmp_path / "absent.yml"))[0] == 2
    assert _topics("check", "--prefix", "not legal")[0] == 2
    assert _topics("check", "--bootstrap", f"{HOST}:1")[0] == 3


def _topics(*arguments: str) -> tuple[int, dict[str, list[object]]]:
    run = subprocess.run(
        [sys.executable, "-c", "from ensue.kafka.commands import topics; topics()", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.returncode, json.loads(run.stdout) if run.stdout.startswith("{") else {}


async def _settings(admin: AIOKafkaAdminClient, kind: ConfigResourceType, name: str) -> dict[str, str]:
    (answer,) = await admin.describe_configs([ConfigResource(kind, name)])
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}
