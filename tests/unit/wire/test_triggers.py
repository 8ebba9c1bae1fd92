"""Records of triggers: a revision or a tombstone, whose key, header and value must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.core.world import MORNING, NOON, STUDIO, trigger_id

from ensue.core.conditions import tree
from ensue.core.decide import decide
from ensue.core.json import JsonObject
from ensue.core.ruleset import Removal, Ruleset
from ensue.core.trigger import EventWhen
from ensue.wire.cloudevents import decode_record
from ensue.wire.errors import DecodeError
from ensue.wire.faults import DocumentInvalid
from ensue.wire.topics import Topic
from ensue.wire.triggers import TriggerRecord, decode_trigger, encode_tombstone, encode_trigger, to_trigger

DOCUMENT: JsonObject = {
    "name": "Generate scenes",
    "when": {"event": {"types": ["variant.approved"]}},
    "where": {"field": "data.score", "op": "gte", "value": 0.9},
    "then": {"actions": [{"kind": "generate", "unheard_of": True}]},
    "delay": "5m",
    "sort_order": 2,
}
RECORD = TriggerRecord(
    trigger_id=trigger_id(1),
    tenant=STUDIO,
    revision=7,
    enabled=True,
    active_since=NOON,
    created_at=MORNING,
    document=DOCUMENT,
)
KEY = f"studio/{trigger_id(1)}".encode()


def test_a_revision_is_read_as_it_was_written() -> None:
    record = encode_trigger(RECORD)
    assert (record.topic, record.key, dict(record.headers)["revision"]) == (Topic.TRIGGERS, KEY, b"7")
    assert decode_trigger(record.key, record.value, record.headers) == RECORD


def test_a_tombstone_carries_the_revision_of_the_deletion() -> None:
    record = encode_tombstone(STUDIO, trigger_id(1), 8)
    assert (record.topic, record.key, record.value, record.headers) == (
        Topic.TRIGGERS,
        KEY,
        None,
        (("revision", b"8"),),
    )
    assert decode_trigger(record.key, record.value, record.headers) == Removal(trigger_id(1), STUDIO, 8)


def test_a_revision_becomes_a_trigger() -> None:
    trigger = to_trigger(RECORD)
    assert (trigger.trigger_id, trigger.tenant, trigger.revision, trigger.enabled) == (trigger_id(1), STUDIO, 7, True)
    assert (trigger.active_since, trigger.created_at, trigger.delay) == (NOON, MORNING, timedelta(minutes=5))
    assert (trigger.when, trigger.sort_order) == (EventWhen(("variant.approved",)), 2)
    assert trigger.where == tree.Test(("data", "score"), "gte", 0.9)


def test_a_document_that_this_version_cannot_read_is_named() -> None:
    where: JsonObject = {"field": "data.score", "op": "resembles", "value": 1}
    record = replace(RECORD, document={**DOCUMENT, "where": where})
    with pytest.raises(DocumentInvalid, match="/where/op is not a known operator"):
        to_trigger(record)


def test_both_modes_of_one_event_cause_the_same_firing() -> None:
    ruleset = Ruleset.empty().apply([to_trigger(RECORD)])
    core = {"specversion": "1.0", "id": "1", "source": "/studio", "type": "variant.approved", "tenant": STUDIO}
    binary = [*((f"ce_{name}", text.encode()) for name, text in core.items()), ("content-type", b"application/json")]
    structured = [("content-type", b"application/cloudevents+json")]
    members = ", ".join(f'"{name}": "{text}"' for name, text in core.items())
    envelope = f'{{{members}, "data": {{"score": 0.95}}}}'.encode()
    one = decode_record(binary, b'{"score": 0.95}', trusted=False, default_tenant="default")
    other = decode_record(structured, envelope, trusted=False, default_tenant="default")
    assert len(decide(ruleset, one, NOON).firings) == 1
    assert decide(ruleset, one, NOON) == decide(ruleset, other, NOON)


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        (None, [("revision", b"7")]),
        (b"", [("revision", b"7")]),
        (b"studio", [("revision", b"7")]),
        (b"studio/1", [("revision", b"7")]),
        (b"\xff/" + KEY, [("revision", b"7")]),
        (KEY.replace(b"studio", b"Studio"), [("revision", b"7")]),
        (KEY, []),
        (KEY, [("revision", None)]),
        (KEY, [("revision", b"x")]),
        (KEY, [("revision", b"0")]),
        (KEY, [("revision", b"-1")]),
        (KEY, [("revision", b"1.0")]),
        (KEY, [("revision", b"7"), ("revision", b"7")]),
    ],
)
@pytest.mark.parametrize("value", [None, encode_trigger(RECORD).value])
def test_a_wrong_key_or_header_makes_an_invalid_record(
    key: bytes | None, headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    with pytest.raises(DecodeError) as error:
        decode_trigger(key, value, headers)
    assert error.value.reason == "invalid_record"


@pytest.mark.parametrize(
    ("key", "revision"),
    [(KEY.replace(b"studio", b"other"), b"7"), (f"studio/{trigger_id(2)}".encode(), b"7"), (KEY, b"8")],
)
def test_a_value_of_another_trigger_than_its_key_is_an_invalid_record(key: bytes, revision: bytes) -> None:
    with pytest.raises(DecodeError, match="of another trigger or revision"):
        decode_trigger(key, encode_trigger(RECORD).value, [("revision", revision)])
