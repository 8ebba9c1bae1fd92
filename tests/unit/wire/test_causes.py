"""A firing of an opened event is written as that of the same event read plainly: byte for byte, whatever it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import NOON, a_trigger
from tests.unit.wire.world import JSON, STRUCTURED, Headers

from ensue.core.event import Event, FiringMode
from ensue.core.firing import Firing, fired
from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.causes import caused, caused_plainly
from ensue.wire.cloudevents import decode_record
from ensue.wire.opened import Opened
from ensue.wire.opening import Opener
from ensue.wire.records import decode_firing, encode_firing

Record = tuple[Headers, bytes | None]

UUIDS = ["6fa459ea-ee8a-5ca4-894e-db77e160355e", "6FA459EA-ee8a-5CA4-894e-DB77e160355e"]
TIMES = [
    "2026-01-31T09:30:00Z", "2026-01-31t09:30:00z", "2026-01-31t09:30:00Z",
    "2026-01-31T09:30:00.0Z", "2026-01-31T09:30:00.5Z",
    "2026-01-31T09:30:00.120Z", "2026-01-31T09:30:00.000Z", "2026-01-31T09:30:00.123456Z",
    "2026-01-31T09:30:00.000000Z", "2026-01-31T09:30:00.1234567Z", "2026-01-31T09:30:00.123456789Z",
    "2026-01-31T09:30:00.9999999Z", "2026-01-31T09:30:00.5z", "2026-01-31T09:30:00+00:00",
    "2026-01-31T09:30:00-00:00", "2026-01-31T09:30:00.25+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
]  # fmt: skip
TEXTS = st.text(
    st.sampled_from('ab%"\\/ü\u2028😀') | st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6
)
OPTIONAL: dict[str, st.SearchStrategy[str]] = {
    "subject": TEXTS,
    "time": st.sampled_from(TIMES),
    "tenant": st.sampled_from(["studio", "other.tenant"]),
    "entitytype": TEXTS,
    "correlationid": st.sampled_from(UUIDS),
    "causationid": st.sampled_from(UUIDS),
    "chaindepth": st.sampled_from(["0", "7", "999"]),
    "dataschema": TEXTS,
    "color": TEXTS,
    "zone": TEXTS,
    "replayno": st.sampled_from(["0", "3"]),
    "mode": st.sampled_from(["live", "test"]),
}
LASTING = ["type", "tenant", "entitytype", "replayno", "mode"]
DATA: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)
LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001  # hypothesis adds the zone
INSTANTS = st.datetimes(LONG_AGO, timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))]))


@st.composite
def habitual(draw: st.DrawFn) -> list[dict[str, str]]:
    """The attributes of two events of one habit."""
    names = draw(st.permutations(["id", "source", "type", *draw(st.lists(st.sampled_from([*OPTIONAL]), unique=True))]))
    forms = {"id": TEXTS, "source": TEXTS, "type": TEXTS, **OPTIONAL}
    first = {"specversion": "1.0", **{name: draw(forms[name]) for name in names}}
    return [first, {name: first[name] if name in LASTING else draw(forms.get(name, st.just("1.0"))) for name in first}]


def in_headers(attributes: dict[str, str], data: Json) -> Record:
    """The event with its attributes in headers."""
    return [*((f"ce_{name}", text.encode()) for name, text in attributes.items()), JSON], json.dumps(data).encode()


def compactly(attributes: dict[str, str], data: Json) -> Record:
    """The same with the data written as we write it, so that it can stand in a firing as it came."""
    return in_headers(attributes, None)[0], strict_json.encode(data)


def in_envelope(attributes: dict[str, str], data: Json) -> Record:
    """The event in an envelope."""
    return [STRUCTURED], json.dumps({**attributes, "data": data}).encode()


def both_ways(first: Record, second: Record) -> tuple[Opened, Event]:
    """The second event, opened as one of the habit of the first, and read plainly."""
    opener = Opener("studio", trusted=True)
    opener.open(*first)
    opened = opener.open(*second)
    assert isinstance(opened, Opened)
    return opened, decode_record(*second, trusted=True, default_tenant="studio")


@given(pair=habitual(), data=DATA, now=INSTANTS, written=st.sampled_from([in_headers, compactly, in_envelope]))
def test_it_is_the_same_to_the_byte(*, pair: list[dict[str, str]], data: Json, now: datetime, written: Any) -> None:  # noqa: ANN401  # one of two functions
    first, second = pair
    opened, plain = both_ways(written(first, 1), written(second, data))
    short = fired(a_trigger(), opened, opened.identified(), now)
    long = fired(a_trigger(), plain, plain.identified(), now)
    assert encode_firing(short) == encode_firing(long)
    assert caused(short) == caused_plainly(short) == caused_plainly(long)
    assert decode_firing(encode_firing(short).value) == long == short


def test_data_stands_in_a_firing_as_it_came_where_it_is_as_we_write_it() -> None:
    attributes = {"specversion": "1.0", "id": "1", "source": "/s", "type": "a.b"}
    compact, spaced = compactly(attributes, {"a": [1.0, "ü"]}), in_headers(attributes, {"a": [1.0, "ü"]})
    for record, is_compact in ((compact, True), (spaced, False)):
        opened, plain = both_ways(compact, record)
        short, long = (fired(a_trigger(), event, event.identified(), NOON) for event in (opened, plain))
        assert strict_json.is_as_written(opened.raw or b"") is is_compact
        assert caused(short) == caused_plainly(long)
        strict_json.decode(b'["another"]')
        assert not strict_json.is_as_written(opened.raw or b"")
        assert caused(short) == caused_plainly(long)


ALL = {
    "specversion": "1.0", "id": "1", "source": "/s", "type": "a.b", "subject": "x", "time": TIMES[0],
    "tenant": "studio", "entitytype": "a", "correlationid": UUIDS[0], "causationid": UUIDS[0],
    "chaindepth": "0", "dataschema": "y", "color": "red", "zone": "b",
}  # fmt: skip
ODD_TEXTS = ["%", "%b", "%%b", '"', "\\", '\\"', "ü", "😀", "/"]
ODD = dict.fromkeys(ALL, ODD_TEXTS) | {
    "specversion": [],
    "tenant": ["other.tenant"],
    "time": TIMES,
    "correlationid": UUIDS,
    "causationid": UUIDS,
    "chaindepth": ["0", "7", "999"],
}


@pytest.mark.parametrize("written", [in_headers, in_envelope])
def test_each_attribute_is_written_as_ever_whatever_it_is(written: Callable[[dict[str, str], Json], Record]) -> None:
    for name, texts in ODD.items():
        for text in texts:
            attributes = {**ALL, name: text}
            first = attributes if name in LASTING else ALL
            short, long = (
                fired(a_trigger(), event, event.identified(), NOON)
                for event in both_ways(written(first, 1), written(attributes, "%b"))
            )
            assert caused(short) == caused_plainly(long), (name, text)


@pytest.mark.parametrize(
    "change", [{"cause": UUID(int=1)}, {"replay_no": 1}, {"mode": FiringMode.TEST}, {"observed_at": NOON}]
)
def test_what_a_firing_says_otherwise_than_its_event_is_written(change: dict[str, Any]) -> None:
    attributes = {"specversion": "1.0", "id": "1", "source": "/s", "type": "a.b"}
    opened, plain = both_ways(in_headers(attributes, 1), in_headers(attributes, 2))
    members: dict[str, Any] = {"cause": opened.event_uid, "observed_at": NOON + timedelta(seconds=1), **change}
    firings = [
        Firing(firing_id=UUID(int=7), tenant="studio", trigger_id=UUID(int=8), revision=1, event=event, **members)
        for event in (opened, plain)
    ]
    assert encode_firing(firings[0]) == encode_firing(firings[1])
    assert decode_firing(encode_firing(firings[0]).value) == firings[1]
