"""EventBridge patterns: the verdicts of the real event-ruler, the published examples, and what is refused where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensue.core.conditions.dialects.eventbridge import parse_pattern
from ensue.core.conditions.dialects.faults import DialectInvalid
from ensue.core.conditions.dialects.pattern_match import compile_pattern
from ensue.core.json import Json

TABLE = Path(__file__).parents[3] / "cases" / "eventbridge" / "verdicts.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]


def verdict_on(pattern: Json, event: Json) -> bool | str:
    try:
        return compile_pattern(parse_pattern(pattern))(event if isinstance(event, dict) else {})
    except DialectInvalid:
        return "invalid"


@pytest.mark.requirement("R3.9")
def test_gives_the_verdicts_of_event_ruler() -> None:
    wrong = [case["name"] for case in CASES if verdict_on(case["pattern"], case["event"]) != case["verdict"]]
    assert wrong == []
    assert {True, False, "invalid"} == {case["verdict"] for case in CASES}
    assert len(CASES) > 2500


EC2: dict[str, Json] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "111122223333",
    "time": "2017-12-22T18:43:48Z",
    "region": "us-west-1",
    "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
    "detail": {
        "instance-id": "i-1234567890abcdef0",
        "state": "terminated",
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "creation-date": "2017-12-22T18:43:48Z",
    },
}


@pytest.mark.requirement("R3.9")
@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}, True),
        ({"detail": {"state": ["terminated"]}}, True),
        ({"detail": {"state": ["initializing", "running"]}}, False),
        ({"resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]}, True),
        ({"region": [{"prefix": "us-"}]}, True),
        ({"detail": {"state": [{"anything-but": "initializing"}]}}, True),
        ({"detail": {"state": [{"anything-but": ["terminated", "stopped"]}]}}, False),
        ({"detail": {"state": [{"anything-but": {"prefix": "init"}}]}}, True),
        ({"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}}, True),
        ({"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}]}}, True),
        ({"detail": {"d-count": [{"numeric": ["<", 10]}], "x-limit": [{"numeric": ["=", 3.018e2]}]}}, True),
        ({"detail": {"source-ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"source-ip": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"detail": {"state": [{"exists": True}]}}, True),
        ({"detail": {"c-number": [{"exists": False}]}}, True),
        ({"detail": [{"exists": False}]}, True),
        ({"detail-type": [{"equals-ignore-case": "ec2 instance state-change notification"}]}, True),
        ({"resources": [{"wildcard": "arn:aws:ec2:*:123456789012:instance/*"}]}, True),
        ({"detail": {"$or": [{"c-count": [{"numeric": [">", 9]}]}, {"d-count": [{"numeric": ["<", 10]}]}]}}, True),
        ({"time": [{"prefix": "2017-10-02"}]}, False),
        ({"detail": {"instance-id": [{"suffix": "def0"}]}}, True),
    ],
    ids=json.dumps,
)
def test_published_patterns_give_their_published_verdicts(pattern: Json, *, matches: bool) -> None:
    assert verdict_on(pattern, EC2) is matches


def test_fields_within_one_array_must_match_in_the_same_element() -> None:
    pattern = {"staff": {"first": ["Anna"], "last": ["Jones"]}}
    apart = {"staff": [{"first": "Anna", "last": "Smith"}, {"first": "Peter", "last": "Jones"}]}
    together = {"staff": [{"first": "Peter", "last": "Smith"}, {"first": "Anna", "last": "Jones"}]}
    assert verdict_on(pattern, apart) is False
    assert verdict_on(pattern, together) is True


def test_a_block_of_all_addresses_holds_addresses_of_its_version_only() -> None:
    verdicts = [verdict_on({"a": [{"cidr": "0.0.0.0/0"}]}, {"a": value}) for value in ("10.0.0.1", "::1", 5, "x")]
    assert verdicts == [True, False, False, False]


def test_every_fault_is_told_at_once_with_its_pointer() -> None:
    document: Json = {
        "source": [],
        "region": "us-east-1",
        "detail": {
            "empty": {},
            "state": [{"prefx": "a"}, {"prefix": 5}, {"exists": "yes"}, {"prefix": "a", "suffix": "b"}, ["nested"]],
            "count": [{"numeric": [">", 5, "<", 3]}, {"numeric": ["<", 3, ">", 1]}, {"numeric": ["=", "5"]}],
            "name": [{"wildcard": "a**b"}, {"wildcard": "a\\b"}, {"wildcard": "*a" * 11}],
            "ip": [{"cidr": "10.0.0.0"}, {"cidr": "10.0.0.0/33"}],
            "but": [{"anything-but": [1, "a"]}, {"anything-but": {"prefix": ""}}, {"anything-but": {"cidr": "x"}}],
            "$or": [{"a": [1]}],
        },
    }
    with pytest.raises(DialectInvalid) as caught:
        parse_pattern(document)
    assert [fault.pointer for fault in caught.value.faults] == [
        "/source",
        "/region",
        "/detail/empty",
        *(f"/detail/state/{place}" for place in ("0/prefx", "1/prefix", "2/exists", "3", "4")),
        *(f"/detail/count/{index}/numeric" for index in range(3)),
        *(f"/detail/name/{index}/wildcard" for index in range(3)),
        "/detail/ip/0/cidr",
        "/detail/ip/1/cidr",
        "/detail/but/0/anything-but",
        "/detail/but/1/anything-but/prefix",
        "/detail/but/2/anything-but",
        "/detail/$or",
    ]
    assert 'did you mean "prefix"?' in caught.value.faults[3].message


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "is not an object"),
        ({}, "is an empty object"),
        ({"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}, "names a twice"),
        ({"$or": [{"numeric": [1]}, {"b": [3]}]}, "is the name of a matcher"),
        ({"a": [{"numeric": ["=", 2**53 + 1]}]}, "is not a comparison of numbers"),
        ({"a": [{"numeric": ["<", 10**400]}]}, "is not a comparison of numbers"),
        ({"$or": [{"a": [1]}, {"b": [1]}] * 10, "x": {"$or": [{"a": [1]}, {"b": [1]}] * 30}}, "too many combinations"),
    ],
)
def test_refuses_what_event_ruler_refuses_or_cannot_bound(document: Json, message: str) -> None:
    with pytest.raises(DialectInvalid, match=message):
        parse_pattern(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "$or"]), inner, max_size=3),
    max_leaves=12,
)
WORDS = st.sampled_from(["prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "wildcard", "$or", "a"])
GARBAGE = st.recursive(
    JSON | st.sampled_from([">", "<", "10.0.0.0/8"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=15,
)


@given(pattern=GARBAGE, event=JSON)
def test_garbage_is_a_named_fault_or_a_pattern_that_gives_verdicts(pattern: Json, event: Json) -> None:
    assert verdict_on(pattern, {"a": event}) in (True, False, "invalid")
