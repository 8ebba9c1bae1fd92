"""The matching engine finds exactly what a plain reading of the patterns finds, however it came to hold them."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from tests.support import pattern_draws as draw
from tests.support.pattern_oracle import Oracle

from ensue.testing.matching import PatternMatcher, from_patterns

Rules = dict[str, dict[str, Any]]


def some_rules(random: Random, count: int) -> Rules:
    return {f"r{index}": draw.pattern(random) for index in range(count)}


def assert_agrees(matcher: PatternMatcher, rules: Rules, events: list[dict[str, Any]]) -> None:
    oracle = Oracle(rules)
    for event in events:
        found = matcher.match(msgspec.json.encode(event))
        wanted = oracle.match(event)
        assert sorted(found) == wanted, (event, {i: rules[i] for i in set(found) ^ set(wanted)})


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_what_the_oracle_finds(seed: int) -> None:
    random = Random(seed)  # noqa: S311  # draws cases
    rules = some_rules(random, 10 + 25 * (seed % 8))
    events = [draw.event(random) for _ in range(60)]
    assert_agrees(from_patterns(list(rules.items())), rules, events)


@pytest.mark.parametrize("seed", range(5))
def test_changes_amount_to_a_fresh_build(seed: int) -> None:
    random = Random(1000 + seed)  # noqa: S311  # draws cases
    rules, matcher = Rules(), from_patterns([])
    for _ in range(40):
        changed = {f"r{random.randrange(60)}": draw.pattern(random) for _ in range(random.choice((1, 1, 2, 9)))}
        removed = [rule_id for rule_id in rules if random.random() < 0.1 and rule_id not in changed]
        before, rules_before = matcher, dict(rules)
        matcher = matcher.changed(list(changed.items()), removed)
        rules = {rule_id: rule for rule_id, rule in (rules | changed).items() if rule_id not in removed}
        events = [draw.event(random) for _ in range(4)]
        assert len(matcher) == len(rules)
        assert_agrees(matcher, rules, events)
        assert_agrees(before, rules_before, events[:1])


def test_thousands_of_rules_without_an_equality() -> None:
    """Enough of them that sets of items are words and cells are narrow, with values on every bound."""
    random = Random(7)  # noqa: S311  # draws cases
    rules: Rules = {}
    for index in range(6000):
        low, other = random.randrange(400), random.randrange(400)
        detail = (
            {"n": [{"numeric": [">=", low, "<", low + random.choice((1, 9))]}]},
            {"n": [{"numeric": [">", low, "<=", low + 90]}], "k": [{"numeric": [">=", other, "<", other + 60]}]},
            {"tags": [{"anything-but": random.sample("abcdefgh", 7)}], "k": [{"anything-but": [other, other + 1]}]},
            {"tags": [{"exists": False}], "n": [{"numeric": [">", low]}]},
        )[index % 4]
        rules[f"r{index}"] = {"detail": detail}
    events: list[dict[str, Any]] = [
        {"detail": {"n": random.randrange(420), "k": random.randrange(4200) / 10, "tags": random.choice("abcdefgh")}}
        for _ in range(12)
    ]
    events += [{"detail": {"n": 5, "k": [1, 7]}}, {"detail": {"n": "5", "k": True, "tags": "a"}}, {"detail": {}}]
    assert_agrees(from_patterns(list(rules.items())), rules, events)


def test_thousands_of_texts_and_lists_of_one_type() -> None:
    random = Random(8)  # noqa: S311  # draws cases
    rules: Rules = {}
    for index in range(4000):
        key = f"{random.randrange(500):03}"
        matcher = ({"prefix": f"a/{key}"}, {"suffix": f"{key}.x"}, {"wildcard": f"a/*-{key}-*.x"}, f"a/{key}-{key}.x")
        lists = [f"{random.randrange(50)}" for _ in range(random.choice((1, 3, 30)))]
        rules[f"r{index}"] = {"type": ["t"], "detail": {"k": [matcher[index % 4]], "n": lists, "tags": [True]}}
    events: list[dict[str, Any]] = []
    for _ in range(25):
        first, second, third = (f"{random.randrange(500):03}" for _ in range(3))
        n: Any = random.choice((f"{random.randrange(50)}", [f"{each}" for each in range(9)]))
        detail = {"k": f"a/{first}-{third}-{second}.x", "n": n, "tags": random.choice((True, 1, [1, True]))}
        events.append({"type": "t", "detail": detail})
    assert_agrees(from_patterns(list(rules.items())), rules, events)


def test_true_is_not_one_and_one_is_one_point_zero() -> None:
    matcher = from_patterns([("number", {"k": [1]}), ("truth", {"k": [True]}), ("both", {"k": [1], "n": [True]})])
    assert matcher.match(b'{"k": 1.0}') == ["number"]
    assert matcher.match(b'{"k": true}') == ["truth"]
    assert sorted(matcher.match(b'{"k": 1, "n": true}')) == ["both", "number"]
    assert matcher.match(b'{"k": 1, "n": 1}') == ["number"]
    assert sorted(matcher.match(b'{"k": [true, 1]}')) == ["number", "truth"]


def test_big_integers_are_exact_and_minus_zero_is_zero() -> None:
    big = 12345678901234567890123
    matcher = from_patterns([("big", {"k": [big]}), ("zero", {"k": [0]})])
    assert matcher.match(b'{"k": 12345678901234567890123}') == ["big"]
    assert matcher.match(b'{"k": 12345678901234567890124}') == []
    assert matcher.match(b'{"k": -0.0}') == ["zero"]


def test_null_is_there_and_absent_is_not() -> None:
    matcher = from_patterns(
        [("null", {"k": [None]}), ("absent", {"k": [{"exists": False}]}), ("other", {"k": [{"anything-but": "a"}]})]
    )
    assert sorted(matcher.match(b'{"k": null}')) == ["null", "other"]
    assert matcher.match(b"{}") == ["absent"]
    assert matcher.match(b'{"k": {}}') == ["absent"]
    assert matcher.match(b'{"k": []}') == ["absent"]


def test_of_a_name_that_stands_twice_the_last_counts() -> None:
    assert from_patterns([("b", {"k": ["b"]})]).match(b'{"k": "a", "k": "b"}') == ["b"]


@pytest.mark.parametrize("event", [b"", b"[]", b"1", b'{"k": ', b"\xff", b'{"k": "a"} x'])
def test_what_is_no_object_is_refused(event: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        from_patterns([("a", {"k": ["a"]})]).match(event)


def test_names_of_fields_may_be_anything() -> None:
    name = "e); import os; ('\"\\\n\u2603"
    matcher = from_patterns([("odd", {name: {"": ["x"], "class": [1]}})])
    assert matcher.match(msgspec.json.encode({name: {"": "x", "class": 1}})) == ["odd"]


def test_a_path_may_lead_on_where_another_ends() -> None:
    matcher = from_patterns([("leaf", {"a": [1]}), ("inner", {"a": {"b": [2]}})])
    assert matcher.match(b'{"a": 1}') == ["leaf"]
    assert matcher.match(b'{"a": {"b": 2}}') == ["inner"]
    assert sorted(matcher.match(b'{"a": [1, {"b": 2}]}')) == ["inner", "leaf"]
    grown = from_patterns([("leaf", {"a": [1]})]).changed([("inner", {"a": {"b": [2]}})])
    assert grown.match(b'{"a": 1}') == ["leaf"]


def test_what_no_table_leads_to_is_counted() -> None:
    rules: list[tuple[str, dict[str, Any]]] = [
        ("all", {"k": [{"exists": True}]}),
        ("block", {"k": [{"cidr": "10.0.0.0/8"}]}),
        ("value", {"k": ["a"]}),
    ]
    assert from_patterns(rules).unindexed == 1


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        from_patterns([("a", {"k": [1]}), ("a", {"k": [2]})])


def test_parts_that_begin_alike_overlap_or_stand_twice() -> None:
    random = Random(9)  # noqa: S311  # draws cases
    parts = ["/shot-", "/shot-1", "/shot-12/", "shot-12/", "-12", "1", "/shot-2/x", "hot-12/shot-2/x", "/sh"]
    rules: Rules = {f"w{part}": {"k": [{"wildcard": f"*{part}*"}]} for part in parts}
    rules |= {f"e{part}": {"k": [{"wildcard": f"/*{part}*x"}]} for part in parts}
    twice = {f"d{part}": {"k": [{"wildcard": f"/*{part}*{part}*"}, {"wildcard": f"*{part}"}]} for part in parts}
    events = [{"k": "".join(random.choices(("/shot-", "12", "/", "1", "shot-2/x", "x"), k=5))} for _ in range(300)]
    assert_agrees(from_patterns(list(rules.items())), rules, events)
    assert_agrees(from_patterns(list(twice.items())), twice, events)


@pytest.mark.parametrize("kind", ["prefix", "suffix"])
def test_an_end_longer_than_what_is_looked_up_is_checked_to_its_end(kind: str) -> None:
    others = [(f"{n}", {"k": [{kind: f"{n}" * 40}]}) for n in range(30)]
    matcher = from_patterns([("long", {"k": [{kind: "x" * 30}]}), *others])
    assert matcher.match(msgspec.json.encode({"k": "x" * 30})) == ["long"]
    assert matcher.match(msgspec.json.encode({"k": "x" * 29})) == []


def test_the_order_of_fields_does_not_matter() -> None:
    random = Random(10)  # noqa: S311  # draws cases
    rules = some_rules(random, 60)
    matcher = from_patterns(list(rules.items()))
    for _ in range(40):
        event = draw.event(random)
        turned = {name: event[name] for name in reversed(event)}
        turned["detail"] = {name: event["detail"][name] for name in reversed(event["detail"])}
        assert sorted(matcher.match(msgspec.json.encode(turned))) == sorted(matcher.match(msgspec.json.encode(event)))
