"""`deploy/topics.yml` and what is wrong with a list of topics."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ensue.core.errors import InvalidValue
from ensue.kafka.limits import MAX_MESSAGE_BYTES
from ensue.kafka.topic_list import Cleanup, find_topics_file, load_topics
from ensue.wire.topics import Topic

FILE = find_topics_file(Path(__file__).parent)


@pytest.mark.requirement("R2.4")
def test_the_list_is_what_the_design_says() -> None:
    listed = load_topics(FILE)
    assert set(listed.topics) == set(Topic)
    assert {topic: spec.partitions for topic, spec in listed.topics.items()} == {
        Topic.EVENTS: 12,
        Topic.SYSTEM: 12,
        Topic.TRIGGERS: 3,
        Topic.SIGNALS: 12,
        Topic.FIRINGS: 12,
        Topic.OUTCOMES: 12,
        Topic.DEAD: 6,
    }
    days = {topic: spec.retention / timedelta(days=1) for topic, spec in listed.topics.items()}
    assert {topic for topic, kept in days.items() if kept == 30} == {Topic.OUTCOMES, Topic.DEAD}
    assert set(days.values()) == {7, 30}
    assert [topic for topic, spec in listed.topics.items() if spec.cleanup is Cleanup.COMPACT] == [Topic.TRIGGERS]
    assert {topic for topic, spec in listed.topics.items() if spec.fixed} == {Topic.TRIGGERS, Topic.SIGNALS}
    assert (listed.replication, listed.min_insync_replicas) == (3, 2)


def test_the_brokers_take_what_the_publisher_lets_through() -> None:
    limits = {topic: spec.max_message_bytes for topic, spec in load_topics(FILE).topics.items()}
    assert limits == MAX_MESSAGE_BYTES


@pytest.mark.parametrize("topic", list(Topic))
def test_the_append_time_decides_everywhere(topic: Topic) -> None:
    assert load_topics(FILE).configs(topic, 3)["message.timestamp.type"] == "LogAppendTime"


def test_with_fewer_replicas_no_more_of_them_must_be_in_sync() -> None:
    listed = load_topics(FILE)
    assert [listed.configs(Topic.EVENTS, replicas)["min.insync.replicas"] for replicas in (1, 2, 3)] == ["1", "2", "2"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("retention: 30d", "retention: 30 days", "must be a whole number and a unit"),
        ("partitions: 6", "partitions: 0", "topics/ensue.dead/partitions"),
        ("ensue.dead:", "ensue.deed:", "topics/ensue.deed"),
        ("cleanup: compact", "cleanup: shrink", "topics/ensue.triggers/cleanup"),
        ("partitions: 3", "partition: 3", "topics/ensue.triggers/partition"),
        ("min_insync_replicas: 2", "min_insync_replicas: 4", "must not be larger than replication"),
        ("topics:", "\ttopics:", "not YAML"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    wrong = tmp_path / "topics.yml"
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    wrong.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidValue) as caught:
        load_topics(wrong)
    assert str(wrong) in str(caught.value)
    assert said in str(caught.value)


def test_a_topic_left_out_is_a_fault(tmp_path: Path) -> None:
    wrong = tmp_path / "topics.yml"
    wrong.write_text(FILE.read_text(encoding="utf-8").partition("  ensue.dead:")[0], encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"not listed: ensue\.dead"):
        load_topics(wrong)


def test_the_file_is_found_from_any_folder_below(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="--file"):
        find_topics_file(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "topics.yml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_topics_file(tmp_path / "a" / "b") == tmp_path / "deploy" / "topics.yml"
