"""A record opened the short way is what the plain way makes of it: the same event, or the same error."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.world import DATA, JSON, STRUCTURED, Headers, envelope, headers

from ensue.core.event import Event
from ensue.wire.cloudevents import decode_record
from ensue.wire.errors import DecodeError
from ensue.wire.opened import Opened
from ensue.wire.opening import Opener

Record = tuple[Headers, bytes | None]

TENANT = "default"
LIMIT = 200
UUIDS = ["6fa459ea-ee8a-5ca4-894e-db77e160355e", "6FA459EA-ee8a-5ca4-894e-db77e160355e"]
ODD = ["", " ", "\x00", "\n", "ü", "\u2003x", "\ufdd0", "x" * 2049, "ü" * 1025, "1", "True"]
FIT: dict[str, list[str]] = {
    "specversion": ["1.0"],
    "id": ["1", "2", "3", "grün"],
    "source": ["/s", "erp", "/t"],
    "type": ["a.b", "c", ".d"],
    "subject": ["variant-1", "grün"],
    "time": ["2026-01-31T09:30:00Z", "2026-01-31t09:30:00.123z", "2026-01-31T09:30:00.123456789+02:00",
             "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
    "tenant": ["studio", "default"],
    "entitytype": ["variant", "scene"],
    "correlationid": UUIDS,
    "causationid": UUIDS,
    "chaindepth": ["0", "7", "1000"],
    "dataschema": ["https://x/y"],
    "color": ["red"],
}  # fmt: skip
UNFIT: dict[str, list[str]] = {
    "specversion": ["0.3"],
    "source": ["ensue://x", " ENSUE:x", "EN\u017fUE://", "\u00a0ensue://x"],
    "time": ["2026-02-30T09:30:00Z", "2026-01-31T24:00:00Z", "2026-01-31T09:30:60Z", "0001-01-01T00:00:00+23:59",
             "9999-12-31T23:59:59-00:01", "2026-01-31T09:30:00+24:00", "2026-01-31 09:30:00Z", "٢026-03-02T12:00:00Z",
             "2026-01-31T09:30:00.1234567890Z", "2026-01-31T09:30:00.Z", "0000-01-01T00:00:00Z", "2026-01-31"],
    "tenant": ["Studio", "x" * 64],
    "correlationid": ["{6fa459ea-ee8a-5ca4-894e-db77e160355e}", "6fa459eaee8a-5ca4-894e-db77e160355e0", "x"],
    "chaindepth": ["01", "-1", "99999999999"],
    "replayno": ["1", "x"],
    "mode": ["live", "test", "dry"],
    "targets": [UUIDS[0], "all"],
    "Color": ["red"],
    "data": ["1"],
    "datacontenttype": ["application/json", "text/plain", "application/cloudevents+json"],
}  # fmt: skip
BESIDE = ["ce_chaindepth", "ce_tenant", "ce_type", "ce_specversion", "ce_entitytype", "x"]
REQUIRED = ("specversion", "id", "source", "type")
OPTIONAL = sorted(FIT.keys() - REQUIRED)
RARE = sorted(UNFIT.keys() - FIT.keys())
CONTENT = st.sampled_from([b"application/json"] * 9 + [b"text/plain", STRUCTURED[1], b"\xff", b""])
BODIES = st.sampled_from(
    [
        None,
        b"",
        b"{}",
        b'{"a":1,"a":2}',
        b'{"a":":b"}',
        b"[" * 65 + b"]" * 65,
        b'"\\u0000"',
        b'"\xff"',
        b"{",
        b"1" * 201,
    ]
)
JSONS = st.sampled_from([DATA, None, [], "text", 5, 1.5, True, {"a": {"b": [1]}}, "x" * 220, [1e15] * 12])


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """The attributes of events of one producer: the same names in the same order, some of the values unfit."""
    names = draw(st.lists(st.sampled_from(OPTIONAL), unique=True, max_size=6))
    names += draw(st.sampled_from([[]] * 5 + [[name] for name in RARE]))
    names = draw(st.permutations([*REQUIRED, *names]))
    drawn: list[dict[str, str]] = []
    for _ in range(draw(st.integers(2, 5))):
        row = {name: draw(st.sampled_from(FIT.get(name) or UNFIT[name])) for name in names}
        if draw(st.booleans()):
            spoilt = draw(st.sampled_from(names))
            row[spoilt] = draw(st.sampled_from(UNFIT.get(spoilt, []) + ODD))
        drawn.append(row)
    return drawn


@st.composite
def binary(draw: st.DrawFn) -> list[Record]:
    """Records with these in headers."""
    beside = draw(st.lists(st.sampled_from(["content-type", "Content-Type", "traceparent"]), max_size=2))
    records: list[Record] = []
    for row in draw(rows()):
        given: Headers = [(f"ce_{name}", text.encode(errors="surrogatepass")) for name, text in row.items()]
        given += [(name, draw(CONTENT)) for name in beside]
        if draw(st.integers(0, 19)) == 0:
            given[0] = (given[0][0], draw(st.sampled_from([None, b"\xff", b"\xed\xa0\x80"])))
        records.append((given, draw(BODIES)))
    return records


@st.composite
def structured(draw: st.DrawFn) -> list[Record]:
    """Records with these in envelopes, where values need not be texts."""
    data = draw(st.sampled_from(["data", "data", "data_base64", None]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]))
    is_ascii = draw(st.booleans())
    beside: Headers = [(name, b"1") for name in draw(st.lists(st.sampled_from(BESIDE), unique=True, max_size=2))]
    records: list[Record] = []
    for row in draw(rows()):
        members: dict[str, Any] = {**row}
        if draw(st.integers(0, 9)) == 0:
            members[draw(st.sampled_from(sorted(row)))] = draw(st.sampled_from([None, 1, 1.0, True, [], {}]))
        if data is not None:
            members[data] = draw(JSONS)
        text = json.dumps(members, separators=separators, ensure_ascii=is_ascii).encode()
        records.append(([STRUCTURED, *beside], draw(st.sampled_from([text] * 8 + [b"[]", b"{", None]))))
    return records


def in_headers(row: Mapping[str, str], body: bytes | None = b"{}") -> Record:
    """A record with these attributes in headers."""
    return [(f"ce_{name}", text.encode(errors="surrogatepass")) for name, text in row.items()], body


def in_envelope(row: Mapping[str, Any], **data: Any) -> Record:  # noqa: ANN401  # any JSON
    """A record with these attributes in an envelope."""
    return [STRUCTURED], json.dumps({**row, **data}, ensure_ascii=False).encode(errors="surrogatepass")


WHOLE = {name: values[0] for name, values in FIT.items()}
SPOILT = [
    {**WHOLE, name: text} for name in FIT for text in [*FIT[name], *UNFIT.get(name, []), *ODD, "\ud800"]
]  # fmt: skip
UNUSUAL = [{**WHOLE, name: text} for name in RARE for text in UNFIT[name]]


def plainly(record: Record, *, trusted: bool) -> Event | tuple[str, str]:
    """What the plain way makes of it."""
    try:
        return decode_record(*record, trusted=trusted, default_tenant=TENANT, max_data_bytes=LIMIT)
    except DecodeError as error:
        return error.reason, error.message


def shortly(opener: Opener, record: Record) -> Event | tuple[str, str]:
    """What an opener makes of it."""
    try:
        return opener.open(*record)
    except DecodeError as error:
        return error.reason, error.message


def assert_alike(records: Sequence[Record], order: Sequence[str], *, trusted: bool) -> None:
    """Each record twice, so that what is remembered of the first is used."""
    opener = Opener(TENANT, trusted=trusted, max_data_bytes=LIMIT)
    for record in (*records, *records):
        known, made = plainly(record, trusted=trusted), shortly(opener, record)
        if isinstance(made, Event) and isinstance(known, Event):
            assert [getattr(made, name) for name in order] == [getattr(known, name) for name in order]
            assert made.tenant_and_type == known.tenant_and_type
            made = made.whole()
        assert made == known


ORDERS = st.permutations([each.name for each in fields(Event)])


@given(records=binary(), order=ORDERS, trusted=st.booleans())
def test_headers_mean_the_same_either_way(*, records: list[Record], order: list[str], trusted: bool) -> None:
    assert_alike(records, order, trusted=trusted)


@given(records=structured(), order=ORDERS, trusted=st.booleans())
def test_envelopes_mean_the_same_either_way(*, records: list[Record], order: list[str], trusted: bool) -> None:
    assert_alike(records, order, trusted=trusted)


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.text(max_size=4) | st.just("ce_id"), st.none() | st.binary(max_size=4)), max_size=4),
            st.none() | st.binary(max_size=9),
        ),
        max_size=4,
    )
)
def test_whatever_the_bytes(records: list[Record]) -> None:
    assert_alike(records, [], trusted=False)


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("written", [in_headers, in_envelope])
def test_after_a_good_record_each_unfit_value_is_refused(written: Callable[..., Record], *, trusted: bool) -> None:
    for row in SPOILT:
        assert_alike([written(WHOLE), written(row)], ["time", "source", "subject"], trusted=trusted)
    for row in UNUSUAL:
        for name in ("replayno", "mode", "targets"):
            assert_alike([written(row), written({**row, name: "1"}), written({**row, name: ""})], [], trusted=trusted)
    for name in RARE:
        assert_alike([written({**WHOLE, name: text}) for text in UNFIT[name]], ["targets"], trusted=trusted)


@pytest.mark.parametrize("value", [None, 1, 1.0, True, [], {}])
def test_what_is_no_text_in_an_envelope_means_the_same_either_way(value: Any) -> None:  # noqa: ANN401  # any JSON
    for name in (*WHOLE, "Color", "data", "data_base64"):
        spoilt, good = in_envelope({**WHOLE, name: value}), in_envelope({**WHOLE, name: "1"})
        assert_alike([spoilt, good], [], trusted=False)
        assert_alike([good, spoilt], [], trusted=False)


def test_after_a_good_record_other_bodies_and_content_types_are_refused() -> None:
    bodies = [b"{}", None, b"", b"{", b'"\xff"', b"[" * 65 + b"]" * 65, b'{"a":1,"a":2}', b'"' + b"x" * LIMIT + b'"']
    types = [JSON[1], b"text/plain", b"application/json; charset=latin-1", STRUCTURED[1], b"\xff", None]
    for body in bodies:
        assert_alike([in_headers(WHOLE), in_headers(WHOLE, body)], [], trusted=False)
        assert_alike([in_envelope(WHOLE), ([STRUCTURED], body)], [], trusted=False)
    padded = in_envelope(WHOLE)[1]
    assert_alike([in_envelope(WHOLE), ([STRUCTURED], (padded or b"") + b" " * 70_000)], [], trusted=False)
    for data in ("x" * LIMIT, [1e15] * 12, ["ü" * 90], "x" * 100_000, None):
        assert_alike([in_envelope(WHOLE, data=1), in_envelope(WHOLE, data=data)], [], trusted=False)
    for one, other in itertools.permutations(types, 2):
        for row, body in (in_headers(WHOLE), in_headers(WHOLE, b""), ([], in_envelope(WHOLE)[1])):
            pair: list[Record] = [([("content-type", one), *row], body), ([("content-type", other), *row], b"{}")]
            assert_alike(pair, [], trusted=False)
            assert_alike([pair[0], ([("content-type", other), *row], body)], [], trusted=False)


def test_a_known_habit_is_remembered_once() -> None:
    opener = Opener(TENANT, trusted=False)
    for record in (in_headers(WHOLE), *[in_headers({**WHOLE, "chaindepth": "1000"})] * 3):
        opener.open(*record)
    assert opener.habits == 1


@pytest.mark.parametrize(
    "record",
    [
        (headers(JSON), b'{"score":0.93}'),
        (headers(("traceparent", b"00-1-2-01"), JSON), None),
        ([STRUCTURED], envelope()),
        ([STRUCTURED, ("x", None)], json.dumps(json.loads(envelope()), separators=(",", ":")).encode()),
    ],
)
def test_the_second_record_of_a_kind_takes_the_short_way(record: Record) -> None:
    opener = Opener(TENANT, trusted=False)
    assert not isinstance(opener.open(*record), Opened)
    assert isinstance(opener.open(*record), Opened)
    assert opener.habits == 1


def test_other_values_of_the_same_kind_take_the_short_way() -> None:
    opener = Opener(TENANT, trusted=False)
    opener.open(headers(JSON), b"{}")
    other = headers(JSON, id="2", source="/elsewhere", subject="grün", time="2027-01-01T00:00:00+01:00", chaindepth="0")
    assert isinstance(opener.open(other, b"[]"), Opened)
    assert not isinstance(opener.open(headers(JSON, type="variant.rejected"), b"{}"), Opened)


def test_envelopes_with_nulls_and_numbers_take_the_short_way() -> None:
    opener = Opener(TENANT, trusted=False)
    opener.open(*in_envelope({**WHOLE, "subject": None, "color": 7}, data={"a": 1}))
    assert isinstance(opener.open(*in_envelope({**WHOLE, "subject": None, "color": True, "chaindepth": 2})), Event)
    other = opener.open(*in_envelope({**WHOLE, "subject": None, "color": True, "chaindepth": 2}, data=None))
    short = opener.open(*in_envelope({**WHOLE, "subject": None, "color": True, "chaindepth": 2}, data=[1]))
    assert [isinstance(each, Opened) for each in (other, short)] == [True, True]
    assert short.whole().extensions == {"color": "true"}


def test_topics_and_tenants_are_not_mixed_up() -> None:
    record = (headers(JSON, source="ensue://scheduler"), b"{}")
    ours = Opener(TENANT, trusted=True)
    assert [ours.open(*record).source for _ in range(2)] == ["ensue://scheduler"] * 2
    with pytest.raises(DecodeError, match="source begins with"):
        Opener(TENANT, trusted=False).open(*record)
    assert Opener("studio", trusted=True).open(*record).tenant == "studio"


@pytest.mark.parametrize("beside", BESIDE)
def test_an_envelope_is_read_as_one_whatever_stands_beside_it(beside: str) -> None:
    record: Headers = [STRUCTURED, (beside, b"1")]
    opener = Opener(TENANT, trusted=False)
    plain = decode_record(record, envelope(), trusted=False, default_tenant=TENANT)
    assert [opener.open(record, envelope()).whole() for _ in range(3)] == [plain] * 3
