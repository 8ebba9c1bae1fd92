"""Records between services: equal to their golden files, readable from older ones, indifferent to newer fields.

`golden/<kind>.json` is what this version writes, `golden/<kind>.v0.json` the least that any version ever wrote.
A difference in the first is a change of the format: readers of the version before must be able to read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import MORNING, NOON, STUDIO, a_trigger, an_event, trigger_id

from ensue.core.decide import decide
from ensue.core.errors import InvalidValue
from ensue.core.event import FiringMode
from ensue.core.firing import Firing
from ensue.core.lineage import Lineage
from ensue.core.outcome import (
    ActionOutcome,
    ActionStatus,
    ActionTaken,
    ConditionErred,
    Outcome,
    OutcomeRecord,
    OutcomeStatus,
    Reason,
    Receipt,
)
from ensue.core.ruleset import Ruleset
from ensue.wire.errors import DecodeError
from ensue.wire.records import decode_firing, decode_outcome, encode_firing, encode_outcome
from ensue.wire.topics import OutgoingRecord, Topic
from ensue.wire.triggers import TriggerRecord, decode_trigger, encode_trigger

GOLDEN = Path(__file__).parent / "golden"
IDS = [UUID(int=number, version=5) for number in range(8)]

FIRING = Firing(
    firing_id=IDS[0],
    tenant=STUDIO,
    trigger_id=trigger_id(1),
    revision=3,
    cause=an_event().event_uid,
    event=an_event(
        time=NOON,
        lineage=Lineage(IDS[1], IDS[2], 4),
        data={"score": 1.0, "big": 2**70, "name": "Köln", "tags": [None, True]},
        dataschema="urn:variant",
        extensions={"color": "grün"},
        replay_no=2,
        targets=(trigger_id(1),),
        mode=FiringMode.TEST,
    ),
    observed_at=NOON + timedelta(milliseconds=250),
    replay_no=2,
    mode=FiringMode.TEST,
)
TAKEN = ActionTaken(IDS[3], "actions.0", "webhook", ActionStatus.DEAD, 5, "job-7", "retries_exhausted", "503")
WHOSE: dict[str, Any] = {
    "at": NOON,
    "tenant": STUDIO,
    "firing_id": IDS[0],
    "trigger_id": trigger_id(1),
    "correlation_id": IDS[1],
    "depth": 4,
}
OUTCOME = Outcome(
    record_id=IDS[4],
    revision=3,
    event_uid=IDS[5],
    status=OutcomeStatus.DEAD,
    reason=Reason.RETRIES_EXHAUSTED,
    detail="action actions.0 failed 5 times",
    actions=(TAKEN, ActionTaken(IDS[6], "actions.1", "log", ActionStatus.SKIPPED, 0)),
    **WHOSE,
)
ACTION = ActionOutcome(record_id=IDS[4], taken=TAKEN, emitted_event_uid=IDS[5], **WHOSE)
ERRED = ConditionErred(record_id=IDS[4], revision=3, event_uid=IDS[5], detail="it erred", **WHOSE)
RECEIPT = Receipt(
    record_id=IDS[4],
    at=NOON,
    group="evaluator",
    instance="evaluator-1",
    topic="ensue.events",
    partition=2,
    first_offset=10,
    next_offset=17,
    events=6,
    firings=3,
    blocked=1,
    errors=0,
    dead=1,
    ruleset="00ff",
    missing=2,
)
OUTCOMES: dict[str, OutcomeRecord] = {
    "outcome": OUTCOME,
    "action": ACTION,
    "condition_error": ERRED,
    "receipt": RECEIPT,
}
TRIGGER = TriggerRecord(
    trigger_id=trigger_id(1),
    tenant=STUDIO,
    revision=3,
    enabled=True,
    active_since=NOON,
    created_at=MORNING,
    document={"name": "Köln", "delay": 2**70},
)
OF_TRIGGER = (b"studio/" + str(trigger_id(1)).encode(), (("revision", b"3"),))


def _decode_trigger(value: bytes) -> object:
    key, headers = OF_TRIGGER
    return decode_trigger(key, value, headers)


RECORDS: dict[str, tuple[OutgoingRecord, object, Callable[[bytes], object]]] = {
    "firing": (encode_firing(FIRING), FIRING, decode_firing),
    "trigger": (encode_trigger(TRIGGER), TRIGGER, _decode_trigger),
    **{kind: (encode_outcome(outcome), outcome, decode_outcome) for kind, outcome in OUTCOMES.items()},
}
KINDS = pytest.mark.parametrize("kind", RECORDS)


def golden(name: str) -> Any:  # noqa: ANN401  # any JSON
    """A golden file's contents."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


@KINDS
def test_what_is_written_is_the_golden_file(kind: str) -> None:
    value = RECORDS[kind][0].value
    assert value is not None
    assert json.loads(value) == golden(kind)


@KINDS
def test_the_golden_file_is_read_as_what_was_written(kind: str) -> None:
    _, expected, decode = RECORDS[kind]
    assert decode(json.dumps(golden(kind)).encode()) == expected


def _with_more_fields(value: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(value, dict):
        more = {"of_the_future": {"a": [1]}} if "tenant" in value or "kind" in value else {}
        return {name: _with_more_fields(member) for name, member in value.items()} | more
    return [_with_more_fields(element) for element in value] if isinstance(value, list) else value


@KINDS
def test_fields_of_a_newer_producer_pass(kind: str) -> None:
    _, expected, decode = RECORDS[kind]
    assert decode(json.dumps(_with_more_fields(golden(kind))).encode()) == expected


BARE_EVENT = replace(
    an_event(event_id="1", subject=None, time=None, entity_type=None, data=None),
    lineage=Lineage(an_event().event_uid, None, 0),
)
OLDEST: dict[str, object] = {
    "firing": replace(FIRING, event=BARE_EVENT, replay_no=0, mode=FiringMode.LIVE, observed_at=NOON),
    "trigger": TRIGGER,
    "outcome": replace(OUTCOME, status=OutcomeStatus.SUCCEEDED, reason=None, detail=None, actions=()),
    "action": replace(
        ACTION,
        taken=ActionTaken(IDS[3], "actions.0", "webhook", ActionStatus.SUCCEEDED, 1),
        emitted_event_uid=None,
    ),
    "condition_error": ERRED,
    "receipt": replace(RECEIPT, missing=0),
}


@KINDS
def test_the_oldest_records_stay_readable(kind: str) -> None:
    decode = RECORDS[kind][2]
    assert decode(json.dumps(golden(f"{kind}.v0")).encode()) == OLDEST[kind]


@KINDS
def test_every_field_of_the_oldest_record_is_required(kind: str) -> None:
    decode, oldest = RECORDS[kind][2], golden(f"{kind}.v0")
    for missing in oldest:
        rest = {name: value for name, value in oldest.items() if name != missing}
        with pytest.raises(DecodeError) as error:
            decode(json.dumps(rest).encode())
        assert error.value.reason == "invalid_record"


@pytest.mark.parametrize(
    ("kind", "topic", "key", "header"),
    [
        ("firing", Topic.FIRINGS, f"studio/{trigger_id(1)}", "firing"),
        ("outcome", Topic.OUTCOMES, f"studio/{IDS[0]}", "outcome"),
        ("action", Topic.OUTCOMES, f"studio/{IDS[0]}", "action"),
        ("condition_error", Topic.OUTCOMES, f"studio/{IDS[0]}", "condition_error"),
        ("receipt", Topic.OUTCOMES, "ensue.events/2", "receipt"),
    ],
)
def test_records_go_to_their_topic_under_their_key(kind: str, topic: Topic, key: str, header: str) -> None:
    record = RECORDS[kind][0]
    assert (record.topic, record.key) == (topic, key.encode())
    assert record.headers == (("content-type", b"application/json"), ("ensue-kind", header.encode()))


def test_a_firing_of_today_is_read_as_it_was_decided() -> None:
    event = an_event(data={"text": "\u2028 ü", "n": -0.5, "big": -(2**70)}, subject=None)
    (firing,) = decide(Ruleset.empty().apply([a_trigger()]), event, NOON).firings
    assert decode_firing(encode_firing(firing).value) == firing


def test_instants_are_written_and_read_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    firing = replace(FIRING, observed_at=NOON.astimezone(tokyo))
    record = encode_firing(firing)
    assert b'"observed_at":"2026-03-02T12:00:00Z"' in (record.value or b"")
    assert decode_firing(record.value).observed_at.tzinfo is UTC
    elsewhere = (record.value or b"").replace(b'"2026-03-02T12:00:00Z"', b'"2026-03-02T21:00:00+09:00"')
    assert decode_firing(elsewhere).observed_at == NOON


def test_a_naive_instant_is_neither_written_nor_read() -> None:
    naive = datetime(2026, 3, 2, 12)  # noqa: DTZ001  # that is the point
    with pytest.raises(InvalidValue):
        encode_outcome(replace(RECEIPT, at=naive))
    with pytest.raises(DecodeError):
        decode_outcome(json.dumps({**golden("receipt"), "at": "2026-03-02T12:00:00"}).encode())


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"kind": 5}', b"{}"])
def test_what_is_no_record_is_an_invalid_record(value: bytes | None) -> None:
    for decode in (decode_firing, decode_outcome):
        with pytest.raises(DecodeError) as error:
            decode(value)
        assert error.value.reason == "invalid_record"


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(DecodeError, match="records of kind 'rumour' are not known") as error:
        decode_outcome(b'{"kind": "rumour", "at": 5}')
    assert error.value.reason == "unknown_kind"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("firing_id",), "1"),
        (("revision",), "3"),
        (("observed_at",), "yesterday"),
        (("observed_at",), "2026-03-02T12:00:00"),
        (("observed_at",), "0001-01-01T00:00:00+12:00"),
        (("mode",), "dry"),
        (("event",), None),
        (("event", "depth"), -1),
        (("event", "depth"), "1"),
        (("event", "extensions"), {"a": 1}),
    ],
)
def test_a_wrong_field_makes_an_invalid_record(path: tuple[str, ...], value: object) -> None:
    record = golden("firing")
    inner = record if len(path) == 1 else record[path[0]]
    inner[path[-1]] = value
    with pytest.raises(DecodeError) as error:
        decode_firing(json.dumps(record).encode())
    assert error.value.reason == "invalid_record"


NAMES = st.sampled_from(["kind", "at", "record_id", "tenant", "firing_id", "event", "depth"]) | st.text(max_size=3)
SOME: list[Any] = ["outcome", "receipt", "action", "2026-03-02T12:00:00Z", str(IDS[0]), 5, None, {}, []]
MEMBERS = st.dictionaries(NAMES, st.sampled_from(SOME))


@given(st.binary() | MEMBERS.map(lambda members: json.dumps(members).encode()))
def test_any_bytes_are_a_record_or_a_decode_error(value: bytes) -> None:
    for decode in (decode_firing, decode_outcome, _decode_trigger):
        with pytest.raises(DecodeError):
            decode(value)
