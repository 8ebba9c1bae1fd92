"""Events whose data is of a known shape find in an index what they find otherwise."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.alive import alive
from tests.support.conditions import NOW
from tests.support.shaped_events import as_shaped
from tests.unit.matching.studio import a_trigger, a_variant, an_event

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.conditions.tree import All, Condition, Test
from ensue.core.decide import decide
from ensue.core.event import Event
from ensue.core.json import Json
from ensue.matching.projectors import MOST
from ensue.matching.triggers import WORTH_AN_INDEX, IndexedRuleset
from ensue.wire.opened import Shaped
from ensue.wire.shapes import Shape

WANTED = st.sampled_from([1, True, "a", 0.5, None, 2**53 + 1])
MAYBE_LISTED = st.one_of(WANTED, WANTED, WANTED, st.just([1, "a"]))
TESTS = st.tuples(st.just("eq"), WANTED) | st.tuples(st.sampled_from(["gt", "lte"]), st.sampled_from([0, 1, 0.5]))
FLAT: list[Path] = [("data", "x"), ("data", "o"), ("data", "absent")]
NESTED: list[Path] = [("data", "x"), ("data", "o", "x"), ("data", "o", "y"), ("data", "absent", "x")]
FIELDS = st.sampled_from([FLAT, NESTED, [*NESTED, ("data", "o")], [*FLAT, *NESTED]])
OBJECTS = st.fixed_dictionaries(
    {"x": MAYBE_LISTED, "o": WANTED | st.fixed_dictionaries({"x": WANTED, "y": MAYBE_LISTED})}
)


@st.composite
def conjunctions(draw: st.DrawFn) -> list[Condition]:
    """So many that they are worth an index, about a few fields."""
    tests = st.builds(lambda path, test: Test(path, *test), st.sampled_from(draw(FIELDS)), TESTS)
    wheres = draw(st.lists(st.lists(tests, min_size=1, max_size=2), min_size=WORTH_AN_INDEX, max_size=40))
    return [All(tuple(where)) for where in wheres]


@settings(deadline=None)
@given(
    wheres=conjunctions(),
    seen=st.lists(OBJECTS, min_size=2, max_size=6),
    reads_more=st.booleans(),
)
def test_data_of_a_known_shape_finds_what_any_data_finds(
    wheres: list[Condition], seen: list[Json], *, reads_more: bool
) -> None:
    names = ("subject", "source", "entity_type", "time") if reads_more else ()
    more = [Test((name,), "eq", text) for name in names for text in ("/studio", "variant", "s")]
    triggers = [a_trigger(n, where) for n, where in enumerate([*wheres, *more], 1)]
    index = IndexedRuleset().apply(triggers)
    for data in seen:
        event = an_event(data)
        found = [rule.trigger.name for rule in index.rules_for(as_shaped(event).whole())]
        for like in (event, an_event(seen[0])):
            shaped = as_shaped(event, like)
            assert [rule.trigger.name for rule in index.rules_for(shaped)] == found


def test_what_a_known_shape_has_not_is_absent_and_not_null() -> None:
    wheres = [Test(("data", name, *below), "eq", None) for name in ("absent", "there") for below in ((), ("x",))]
    index = IndexedRuleset().apply([a_trigger(n, wheres[n % 2 * 2]) for n in range(1, 31)])
    deep = IndexedRuleset().apply([a_trigger(n, wheres[n % 2 * 2 + 1]) for n in range(1, 31)])
    assert len(index.rules_for(as_shaped(an_event({"there": None})))) == 15
    assert len(deep.rules_for(as_shaped(an_event({"there": {"x": None}})))) == 15


def test_data_of_a_known_shape_is_asked_without_being_made() -> None:
    index = IndexedRuleset().apply([a_trigger(n, a_variant(n)) for n in range(1, 101)])
    event = as_shaped(an_event({"variant": 7.0, "score": 0.4}), an_event({"variant": "v", "score": 1}))
    assert isinstance(event, Shaped)
    assert index.rules_for(event) == ()
    assert "data" not in dir_of(event)
    more = index.apply([a_trigger(n, All((a_variant(n), Test(("source",), "eq", "/x")))) for n in range(101, 201)])
    assert more.rules_for(event) == ()
    assert "data" not in dir_of(event)
    assert "source" in dir_of(event)
    assert decide(index, as_shaped(an_event({"variant": 7, "score": 0.9})), NOW).firings


def test_shapes_come_and_go_and_the_index_keeps_few_of_them() -> None:
    before = alive(Shape)
    index = IndexedRuleset().apply([a_trigger(n, a_variant(n)) for n in range(1, 101)])
    for number in range(MOST + 9):
        event = as_shaped(an_event({"variant": 7, "score": 0.9, f"name {number}": 1}))
        assert len(index.rules_for(event)) == 1
    assert alive(Shape) - before <= MOST + 1


def test_what_is_made_of_a_shape_outlives_a_change_of_rules_that_read_nothing_new() -> None:
    index = IndexedRuleset().apply([a_trigger(n, Test(("data", "variant"), "eq", n)) for n in range(1, 101)])
    event = as_shaped(an_event({"variant": 10**30, "more": 1}))
    assert index.rules_for(event) == ()
    equal = index.apply([a_trigger(200, Test(("data", "variant"), "eq", 10**30))])
    assert len(equal.rules_for(event)) == 1
    endless = equal.apply([a_trigger(300, Test(("data", "variant"), "gt", 300))])
    assert len(endless.rules_for(event)) == 2
    more = endless.apply([a_trigger(400, Test(("data", "more"), "eq", 1))])
    assert len(more.rules_for(event)) == 3
    made = [next(iter(each._engines.values()))._projectors for each in (index, equal, endless, more)]
    assert made[0] is made[1]
    assert len({id(each) for each in made}) == 3


def dir_of(event: Event) -> list[str]:
    """The attributes that an event holds, not those that are made when somebody asks."""
    held = []
    for name in ("data", "id", "source"):
        try:
            object.__getattribute__(event, name)
        except AttributeError:
            continue
        held.append(name)
    return held
