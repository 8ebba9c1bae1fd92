"""Names on the cluster and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.errors import InvalidValue
from ensue.kafka.names import logical, physical
from ensue.wire.topics import Topic


@given(st.sampled_from(Topic), st.from_regex(r"[a-zA-Z0-9._-]{0,40}", fullmatch=True))
def test_every_topic_comes_back_from_its_name(topic: Topic, prefix: str) -> None:
    assert logical(physical(topic, prefix), prefix) is topic


@pytest.mark.parametrize(("name", "prefix"), [("ensue.events", "a."), ("a.ensue.event", "a."), ("a.", "a."), ("", "")])
def test_other_names_are_none_of_ours(name: str, prefix: str) -> None:
    with pytest.raises(InvalidValue, match="no topic of Ensue"):
        logical(name, prefix)


@pytest.mark.parametrize("prefix", ["a b", "ä", "a/b", "x" * 201, "\n"])
def test_a_prefix_that_kafka_would_refuse_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidValue, match="topic prefix"):
        physical(Topic.EVENTS, prefix)
