"""Keys, cursors, preconditions, bodies, drafts and the place of an event: the small pure parts of the API."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.event import Event
from ensue.core.json import JsonObject
from ensue.core.lineage import Lineage
from ensue.wire.documents import DocumentInvalid
from trigger_api.bodies import parse_document
from trigger_api.events.rules import Cause, named_causes, placed
from trigger_api.keys.rules import ApiKey, KnownKey, make_key, parse_key, presented_key
from trigger_api.paging import Position, decode_cursor, encode_cursor
from trigger_api.preconditions import Condition, etag_of, parse_if_match
from trigger_api.problems import FORBIDDEN, INVALID, Problem
from trigger_api.triggers.drafts import draft_of

KEY = make_key(bytes(range(40)))
DOCUMENT: JsonObject = {
    "name": "Tell",
    "when": {"event": {"types": ["variant.approved"]}},
    "then": {"actions": [{"kind": "log", "message": "approved"}]},
}


def test_a_key_is_read_as_it_was_made_and_opens_only_its_own_lock() -> None:
    assert parse_key(KEY.text) == KEY
    assert KnownKey(KEY.key_id, "acme", admin=False, secret_hash=KEY.secret_hash).opened_by(KEY)
    other = ApiKey(KEY.key_id, "0" * 64)
    assert not KnownKey(KEY.key_id, "acme", admin=False, secret_hash=KEY.secret_hash).opened_by(other)


def test_a_key_does_not_show_its_secret_by_accident() -> None:
    assert KEY.secret not in repr(KEY)
    assert KEY.secret_hash.hex() not in repr(KnownKey(KEY.key_id, "a", admin=False, secret_hash=KEY.secret_hash))


@pytest.mark.parametrize(
    ("authorization", "api_key", "found"),
    [
        (f"Bearer {KEY.text}", None, True),
        (f"bearer   {KEY.text} ", None, True),
        (None, KEY.text, True),
        (KEY.text, None, False),
        (f"Basic {KEY.text}", KEY.text, False),
        ("", KEY.text, False),
        (None, None, False),
        (None, "", False),
        (None, KEY.text + "0", False),
        (None, KEY.text.upper(), False),
        (None, "ens_\u0660" + KEY.text[5:], False),
    ],
)
def test_a_key_is_taken_from_one_header(authorization: str | None, api_key: str | None, *, found: bool) -> None:
    assert presented_key(authorization, api_key) == (KEY if found else None)


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_leads_back_to_its_position(at: datetime, identity: UUID) -> None:
    position = Position(at, identity)
    assert decode_cursor(encode_cursor(position)) == position


@given(st.text(max_size=31))
def test_any_shorter_text_is_a_fault_at_the_cursor(text: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_cursor(text)
    assert refused.value.kind is INVALID
    assert [fault.pointer for fault in refused.value.faults] == ["/query/cursor"]


@pytest.mark.parametrize("instant", [b"\x7f" + b"\xff" * 7, b"\x80" + bytes(7)])
def test_a_cursor_beyond_all_calendars_is_a_fault(instant: bytes) -> None:
    with pytest.raises(Problem):
        decode_cursor(base64.urlsafe_b64encode(instant + bytes(16)).decode())


@pytest.mark.parametrize(
    ("header", "revisions"),
    [
        (None, None),
        ("*", None),
        ('"3"', {3}),
        ('"3", "5"', {3, 5}),
        ('W/"3"', set()),
        ('"abc"', set()),
        ('"03"', set()),
        (etag_of(7), {7}),
    ],
)
def test_if_match_names_the_revisions_that_are_meant(header: str | None, revisions: set[int] | None) -> None:
    assert parse_if_match(header) == Condition(None if revisions is None else frozenset(revisions))


@pytest.mark.parametrize("header", ["", "3", '"3', '"3",', "'3'", '"3" "4"'])
def test_what_is_no_entity_tag_is_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_if_match(header)
    assert refused.value.kind is INVALID


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (b'{"a": [1, 18446744073709551616]}', "/a/1"),
        (b'{"a~/b": {"c": -9223372036854775809}}', "/a~0~1b/c"),
        (b'{"a": 1, "a": 2}', ""),
        (b"[]", ""),
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 10_000, ""),
    ],
)
def test_what_could_not_be_given_back_is_refused_with_its_place(document: bytes, pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_document(document)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_the_largest_numbers_come_back() -> None:
    document = {"most": 2**64 - 1, "least": -(2**63), "small": 5e-324}
    assert parse_document(json.dumps(document).encode()) == document


def test_a_draft_leaves_out_what_the_server_decides() -> None:
    draft = draft_of({**DOCUMENT, "project": "acme", "enabled": False}, "acme")
    assert draft.document == DOCUMENT
    assert (draft.name, draft.enabled, draft.event_types) == ("Tell", False, ("variant.approved",))
    assert draft_of({**DOCUMENT, "enabled": None}, "acme").enabled is None


def test_a_draft_for_another_project_is_forbidden() -> None:
    with pytest.raises(Problem) as refused:
        draft_of({**DOCUMENT, "project": "globex"}, "acme")
    assert refused.value.kind is FORBIDDEN


@pytest.mark.parametrize("name", ["is_enabled", "event_type", "conditions", "cron_expression", "requires_approval"])
def test_a_flat_field_of_old_is_refused_at_its_place(name: str) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        draft_of({**DOCUMENT, name: "x"}, "acme")
    assert [fault.pointer for fault in refused.value.faults] == [f"/{name}"]


def caused(depth: int, causation_id: UUID | None) -> Event:
    lineage = Lineage(UUID(int=1), causation_id, depth)
    return Event(UUID(int=1), "acme", "1", "/s", "t", lineage, time=datetime(2026, 3, 2, tzinfo=UTC) + timedelta())


@given(st.integers(0, 60), st.integers(0, 60))
def test_nobody_lowers_a_depth(claimed: int, depth: int) -> None:
    action = UUID(int=9)
    event = placed(caused(claimed, action), {action: Cause(UUID(int=5), depth)})
    assert event.lineage == Lineage(UUID(int=5), action, max(claimed, depth + 1))


def test_a_cause_that_nobody_knows_changes_nothing() -> None:
    for event in (caused(3, UUID(int=9)), caused(3, None)):
        assert placed(event, {UUID(int=8): Cause(UUID(int=5), 7)}) == event


def test_the_causes_of_a_batch_are_asked_for_once() -> None:
    batch = (caused(0, UUID(int=9)), caused(0, None), caused(0, UUID(int=9)), caused(0, UUID(int=8)))
    assert named_causes(batch) == [UUID(int=8), UUID(int=9)]
