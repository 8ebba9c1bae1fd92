"""Makes a cluster's topics as the list says, and names where they differ.

Called by `ensue topics`, by the development stack and its test fixtures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from ensue.core.errors import Unavailable
from ensue.kafka.admin import admin_client
from ensue.kafka.errors import translated
from ensue.kafka.names import physical
from ensue.kafka.topic_list import TopicList, load_topics
from ensue.wire.topics import Topic

__all__ = ["Applied", "Difference", "TopicList", "apply_topics", "check_topics", "load_topics"]

_VISIBLE_WITHIN_SECONDS = 20.0
_DYNAMIC_TOPIC_CONFIG = 1  # the source of a setting that somebody made on the topic itself (KIP-226)
_ANY = "ensue."


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the cluster is not as listed. `subject`: a topic as the cluster calls it, or a broker."""

    subject: str
    setting: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.setting} is {self.actual}, should be {self.expected}"


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply_topics` changed, and what differs still because it cannot be changed on a living topic."""

    changed: tuple[Difference, ...]
    remaining: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    partitions: int
    replication: int
    fixed: bool
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Found:
    partitions: int
    replication: int
    configs: Mapping[str, str]
    own: Mapping[str, str]  # those of `configs` that were set on the topic itself


async def check_topics(
    bootstrap: str, prefix: str, spec: TopicList, *, partitions: int | None = None, replication: int | None = None
) -> list[Difference]:
    """Every difference between the cluster and the list; `partitions` and `replication` stand in for the listed."""
    async with admin_client(bootstrap) as admin:
        return await _differences(admin, prefix, _wanted(prefix, spec, partitions, replication))


async def apply_topics(
    bootstrap: str, prefix: str, spec: TopicList, *, partitions: int | None = None, replication: int | None = None
) -> Applied:
    """Creates, grows and sets what differs; returns once every topic can be used. Safe to repeat, also at once."""
    wanted = _wanted(prefix, spec, partitions, replication)
    async with admin_client(bootstrap) as admin:
        before = await _differences(admin, prefix, wanted)
        await _create(admin, [want for want in wanted if Difference(want.name, "topic", "there", "absent") in before])
        await _until_visible(admin, wanted)
        found = await _found(admin, [want.name for want in wanted])
        await _grow(admin, wanted, found)
        await _set(admin, wanted, found)
        await _until_visible(admin, wanted)
        remaining = await _differences(admin, prefix, wanted)
    return Applied(tuple(one for one in before if one not in remaining), tuple(remaining))


def _wanted(prefix: str, spec: TopicList, partitions: int | None, replication: int | None) -> list[_Wanted]:
    replicas = replication or spec.replication
    return [
        _Wanted(
            name=physical(topic, prefix),
            partitions=partitions or spec.topics[topic].partitions,
            replication=replicas,
            fixed=spec.topics[topic].fixed,
            configs=spec.configs(topic, replicas),
        )
        for topic in Topic
    ]


async def _differences(admin: AIOKafkaAdminClient, prefix: str, wanted: Sequence[_Wanted]) -> list[Difference]:
    existing = set(await admin.list_topics())
    names = {want.name for want in wanted}
    found = await _found(admin, sorted(names & existing))
    differences = await _broker_differences(admin)
    for want in wanted:
        differences += _topic_differences(want, found.get(want.name))
    unlisted = sorted(name for name in existing - names if name.startswith(prefix + _ANY))
    return differences + [Difference(name, "topic", "absent", "there") for name in unlisted]


def _topic_differences(want: _Wanted, found: _Found | None) -> list[Difference]:
    if found is None:
        return [Difference(want.name, "topic", "there", "absent")]
    expected = {"partitions": want.partitions, "replication": want.replication, **want.configs}
    actual = {**found.configs, "partitions": found.partitions, "replication": found.replication}
    return [
        Difference(want.name, setting, str(value), str(actual.get(setting, "not set")))
        for setting, value in expected.items()
        if str(value) != str(actual.get(setting))
    ]


async def _broker_differences(admin: AIOKafkaAdminClient) -> list[Difference]:
    setting = "auto.create.topics.enable"
    brokers = [str(broker["node_id"]) for broker in (await admin.describe_cluster())["brokers"]]
    described = await _described(admin, ConfigResourceType.BROKER, brokers)
    return [
        Difference(f"broker {broker}", setting, "false", settings[setting][0])
        for broker, settings in described.items()
        if settings[setting][0] != "false"
    ]


async def _found(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, _Found]:
    if not names:
        return {}
    described = await _described(admin, ConfigResourceType.TOPIC, names)
    return {
        topic["topic"]: _Found(
            partitions=len(topic["partitions"]),
            replication=min(len(partition["replicas"]) for partition in topic["partitions"]),
            configs={name: value for name, (value, _) in described[topic["topic"]].items()},
            own={
                n: value for n, (value, source) in described[topic["topic"]].items() if source == _DYNAMIC_TOPIC_CONFIG
            },
        )
        for topic in await admin.describe_topics(list(names))
        if topic["partitions"]
    }


async def _described(
    admin: AIOKafkaAdminClient, kind: ConfigResourceType, names: Sequence[str]
) -> dict[str, dict[str, tuple[str, int]]]:
    """Settings by resource and name: (value, source)."""
    answers = await admin.describe_configs([ConfigResource(kind, name) for name in names])
    described: dict[str, dict[str, tuple[str, int]]] = {}
    for answer in answers:
        for code, message, _, name, entries in answer.resources:
            _raise_for(code, f"settings of {name}", message)
            described[name] = {entry[0]: (entry[1], entry[3]) for entry in entries}
    return described


async def _create(admin: AIOKafkaAdminClient, absent: Sequence[_Wanted]) -> None:
    if not absent:
        return
    answer = await admin.create_topics(
        [
            NewTopic(
                name=want.name,
                num_partitions=want.partitions,
                replication_factor=want.replication,
                topic_configs=dict(want.configs),
            )
            for want in absent
        ]
    )
    for name, code, message in answer.topic_errors:
        if for_code(code) is not TopicAlreadyExistsError:  # somebody applied at the same time
            _raise_for(code, f"creating {name}", message)


async def _grow(admin: AIOKafkaAdminClient, wanted: Sequence[_Wanted], found: Mapping[str, _Found]) -> None:
    growing = {
        want.name: NewPartitions(total_count=want.partitions)
        for want in wanted
        if not want.fixed and found[want.name].partitions < want.partitions
    }
    if growing:
        answer = await admin.create_partitions(growing)
        for name, code, message in answer.topic_errors:
            _raise_for(code, f"growing {name}", message)


async def _set(admin: AIOKafkaAdminClient, wanted: Sequence[_Wanted], found: Mapping[str, _Found]) -> None:
    """Sets what differs. The request replaces all settings of a topic, so those that others made go along."""
    changed = [
        ConfigResource(ConfigResourceType.TOPIC, want.name, configs={**found[want.name].own, **want.configs})
        for want in wanted
        if any(found[want.name].configs.get(name) != value for name, value in want.configs.items())
    ]
    if changed:
        for answer in await admin.alter_configs(changed):
            for code, message, _, name in answer.resources:
                _raise_for(code, f"setting {name}", message)


async def _until_visible(admin: AIOKafkaAdminClient, wanted: Sequence[_Wanted]) -> None:
    """A created topic is usable once the metadata give each of its partitions a leader."""
    names = [want.name for want in wanted]
    try:
        async with asyncio.timeout(_VISIBLE_WITHIN_SECONDS):
            while not all(map(_has_leaders, await admin.describe_topics(names))):  # noqa: ASYNC110 - a server is asked
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise Unavailable(f"topics without a leader after {_VISIBLE_WITHIN_SECONDS} s") from error


def _has_leaders(topic: Mapping[str, Any]) -> bool:
    partitions = topic["partitions"]
    return topic["error_code"] == 0 and bool(partitions) and all(one["leader"] >= 0 for one in partitions)


def _raise_for(code: int, what: str, message: str | None) -> None:
    if code:
        kind: type[KafkaError] = for_code(code)
        raise translated(kind(message or kind.description), what)
