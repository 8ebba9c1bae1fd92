"""How a consume loop consumes: policy as frozen data. Made by a service's composition root from its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ensue.runtime.settings import ServiceSettings
from ensue.wire.topics import Topic


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """What a loop reads, and its bounds.

    max_records, max_bytes: the most that is handed to the handler at once; as much again may be fetched ahead.
    max_handle_seconds: a handler that takes longer is stuck: the process ends and the supervisor starts it again.
    revoke_grace_seconds: how long a rebalance waits for the batch in hand to be committed first.
    session_timeout_seconds: after this without a heartbeat the group gives our partitions to others.
    """

    bootstrap: str
    group: str
    topics: tuple[Topic, ...]
    topic_prefix: str = ""
    client_id: str = "ensue"
    max_records: int = 2000
    max_bytes: int = 8 * 1024 * 1024
    fetch_wait_seconds: float = 0.25
    max_handle_seconds: float = 300.0
    revoke_grace_seconds: float = 5.0
    session_timeout_seconds: float = 15.0
    retry_first_seconds: float = 0.1
    retry_longest_seconds: float = 5.0

    @classmethod
    def of(cls, settings: ServiceSettings, group: str, topics: tuple[Topic, ...]) -> Self:
        """The loop of a service: its brokers, prefix and name are its settings'."""
        return cls(
            bootstrap=settings.kafka_bootstrap,
            group=group,
            topics=topics,
            topic_prefix=settings.topic_prefix,
            client_id=settings.instance,
        )

    @property
    def group_id(self) -> str:
        """The group as the cluster calls it: prefixed as the topics are, so that deployments do not share offsets."""
        return self.topic_prefix + self.group
