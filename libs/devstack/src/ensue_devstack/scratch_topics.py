"""The topics of one test: all of `deploy/topics.yml` under a prefix of its own. Called by the pytest plugin."""

from __future__ import annotations

import secrets
from pathlib import Path

from ensue.core.errors import InvalidValue
from ensue.kafka.admin import admin_client
from ensue.kafka.names import physical
from ensue.kafka.topic_list import TopicList, find_topics_file, load_topics
from ensue.kafka.topics import apply_topics
from ensue.wire.topics import Topic

PREFIX = "test-"
PARTITIONS = 2
REPLICATION = 1


def topic_list(start: Path) -> TopicList:
    """The list that belongs to the project in `start`, else the one of the checkout that this package comes from."""
    try:
        return load_topics(find_topics_file(start))
    except InvalidValue:
        return load_topics(find_topics_file(Path(__file__).parent))


def fresh_prefix() -> str:
    """A prefix that no other test has."""
    return f"{PREFIX}{secrets.token_hex(6)}."


async def make_topics(bootstrap: str, prefix: str, start: Path) -> None:
    """Make all topics, small: two partitions, one replica."""
    await apply_topics(bootstrap, prefix, topic_list(start), partitions=PARTITIONS, replication=REPLICATION)


async def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete the topics of `prefix`, whether or not all of them are still there."""
    async with admin_client(bootstrap) as client:
        present = set(await client.list_topics())
        mine = [physical(topic, prefix) for topic in Topic]
        await client.delete_topics([name for name in mine if name in present])


async def delete_leftover_topics(bootstrap: str) -> None:
    """Delete what killed test runs left. Only where nobody else uses the broker."""
    async with admin_client(bootstrap) as client:
        await client.delete_topics([name for name in await client.list_topics() if name.startswith(PREFIX)])
