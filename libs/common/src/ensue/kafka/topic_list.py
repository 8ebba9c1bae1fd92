"""The list of topics as `deploy/topics.yml` gives it, checked. Called by `ensue.kafka.topics` and its callers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ensue.core.errors import InvalidValue
from ensue.wire.topics import Topic

DEFAULT_FILE = Path("deploy/topics.yml")
_DURATION = re.compile(r"(\d+)([dhms])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def _duration(value: object) -> object:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("must be a whole number and a unit: d, h, m or s, for example 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Cleanup(StrEnum):
    """What the broker does with old records."""

    DELETE = "delete"
    COMPACT = "compact"


class TopicSpec(BaseModel):
    """One topic as it should be. `fixed`: its number of partitions never changes, because keys must stay put."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str
    partitions: int = Field(ge=1)
    cleanup: Cleanup
    retention: Annotated[timedelta, BeforeValidator(_duration)]
    max_message_bytes: int = Field(ge=1024)
    fixed: bool = False
    config: Mapping[str, str] = Field(default_factory=dict)

    def configs(self) -> dict[str, str]:
        """The topic's settings in Kafka's words."""
        retention_name = "retention.ms" if self.cleanup is Cleanup.DELETE else "delete.retention.ms"
        return {
            "cleanup.policy": self.cleanup.value,
            retention_name: str(self.retention // timedelta(milliseconds=1)),
            "max.message.bytes": str(self.max_message_bytes),
            **self.config,
        }


class TopicList(BaseModel):
    """All topics, with what holds for each of them. Exactly the topics of `ensue.wire.topics`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    replication: int = Field(ge=1)
    min_insync_replicas: int = Field(ge=1)
    config: Mapping[str, str] = Field(default_factory=dict)
    topics: Mapping[Topic, TopicSpec]

    @model_validator(mode="after")
    def _complete(self) -> TopicList:
        absent = [topic.value for topic in Topic if topic not in self.topics]
        if absent:
            raise ValueError(f"these topics are not listed: {', '.join(absent)}")
        if self.min_insync_replicas > self.replication:
            raise ValueError("min_insync_replicas must not be larger than replication")
        return self

    def configs(self, topic: Topic, replication: int) -> dict[str, str]:
        """Every setting that `topic` should have on a cluster with this many replicas."""
        in_sync = min(self.min_insync_replicas, replication)
        return {**self.config, "min.insync.replicas": str(in_sync), **self.topics[topic].configs()}


def load_topics(path: Path) -> TopicList:
    """The list in `path`. InvalidValue, naming file and place, if it is not there or not right."""
    try:
        return TopicList.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidValue(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'/'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InvalidValue(f"{path}: {faults}") from error


def find_topics_file(start: Path) -> Path:
    """`deploy/topics.yml` in `start` or the nearest folder above it. InvalidValue if there is none."""
    for folder in (start, *start.parents):
        if (folder / DEFAULT_FILE).is_file():
            return folder / DEFAULT_FILE
    raise InvalidValue(f"no {DEFAULT_FILE} in {start} or above it: name one with --file")
