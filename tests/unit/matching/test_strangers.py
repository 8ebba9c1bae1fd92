"""What strangers hand to `ensue.testing`: each wrong pattern, rule or event is named, and nothing else is raised."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

import msgspec
import pytest

from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.testing.match import assert_quiet, explain_match, fires
from ensue.testing.matching import from_patterns
from ensue.wire.faults import DocumentInvalid

HUGE = 10**400


def test_every_wrong_pattern_is_named_by_its_id() -> None:
    wrong: list[tuple[str, dict[Any, Any]]] = [
        ("right", {"n": [1]}),
        ("a/b", {"n": [{"prefx": "a"}], "m": []}),
        ("c", {1: [1]}),
        ("d", {"n": [float("nan")]}),
    ]
    with pytest.raises(DialectInvalid) as caught:
        from_patterns(wrong)
    assert [fault.pointer for fault in caught.value.faults] == ["/a~1b/n/0/prefx", "/a~1b/m", "/c", "/d/n/0"]
    with pytest.raises(DialectInvalid, match="/e/n"):
        from_patterns(wrong[:1]).changed([("e", {"n": []})])


class Tier(StrEnum):
    """A text by another name."""

    GOLD = "gold"


class Floor(IntEnum):
    """A number by another name."""

    FIRST = 1


@pytest.mark.parametrize(
    ("field", "matches"),
    [
        ([Tier.GOLD], ["gold"]),
        ([Floor.FIRST, Tier.GOLD], ["gold", 1, 1.0]),
        (["silver", Tier.GOLD], ["gold"]),
        ([{"anything-but": [Tier.GOLD]}], [1, 1.0, True, "1"]),
        ([{"anything-but": Floor.FIRST}], ["gold", True, "1"]),
        ([{"prefix": Tier.GOLD}, {"exactly": Tier.GOLD}], ["gold"]),
    ],
)
def test_members_of_enumerations_are_what_they_stand_for(field: list[Any], matches: list[object]) -> None:
    matcher = from_patterns([("r", {"n": field})])
    assert matcher.unindexed == 0
    found = [value for value in ("gold", 1, 1.0, True, "1") if matcher.match(msgspec.json.encode({"n": value}))]
    assert list(map(repr, found)) == list(map(repr, matches))


def test_numbers_may_be_larger_than_any_double_but_not_bounds() -> None:
    matcher = from_patterns([("same", {"n": [HUGE]}), ("other", {"n": [{"anything-but": [HUGE, -HUGE]}]})])
    assert matcher.match(msgspec.json.encode({"n": HUGE})) == ["same"]
    assert matcher.match(msgspec.json.encode({"n": HUGE + 1})) == ["other"]
    with pytest.raises(DialectInvalid, match="/above/n/0/numeric is not a comparison"):
        from_patterns([("above", {"n": [{"numeric": [">", HUGE]}]})])


@pytest.mark.parametrize(
    "event",
    [b'{"n": "\xff"}', b'{"n": ' + b"[" * 3000 + b"]" * 3000 + b"}", b'{"n": NaN}', b'{"n": ' + b"9" * 5000 + b"}"],
)
def test_bytes_that_are_no_event_are_refused_as_such(event: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_patterns([("a", {"n": [1]})]).match(event)


@pytest.mark.parametrize(
    "n",
    [float("nan"), {1, 2}, object(), 10**5000, "\ud800", {1: 2}],
    ids=["NaN", "a set", "an object", "5000 digits", "half a pair", "a number as a name"],
)
def test_an_event_that_json_cannot_hold_is_refused_with_its_place(n: Any) -> None:  # noqa: ANN401  # anything at all
    where: dict[str, Any] = {"where": {"not": {"field": "data.n", "op": "eq", "value": 1}}}
    for ask in (explain_match, fires, assert_quiet):
        with pytest.raises(DocumentInvalid) as caught:
            ask(where, {"data": {"n": n}})
        assert [fault.pointer for fault in caught.value.faults] == ["/data/n"]
