"""What a shape reads is what the plain way decodes; whatever it cannot prove, it leaves to that."""

from __future__ import annotations

import gc
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.world import JSON, headers

from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue.wire.opened import Opened, Shaped
from ensue.wire.opening import Opener
from ensue.wire.shapes import FIRST_PAUSE, MOST_NAMES, MOST_SHAPES, VAIN, WORTH, Budget, Reading, Shape

NAMES = st.sampled_from(["a", "b", "c", "ü", "x y", ":", ""])
TEXTS = st.sampled_from(["", "a", ":", '":', "12:30:00", "\\", '"', "\x00", "\x01", "ü", "😀", "\u2028", "\ud800"])
NUMBERS = st.sampled_from([0, 1, -1, 1.0, -0.0, 1e300, 1e16, 2**53 + 1, 2**64, -(10**30), 0.1])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
LITERALS = ["NaN", "1e400", "-Infinity", "01", '"\\u0000"', '"\\u0041"', '"\\ud800"', '"\xff"', "[" * 70 + "]" * 70, ""]


@st.composite
def texts(draw: st.DrawFn, example: dict[str, Json]) -> bytes:
    """An object of the names of an example, or nearly; written in one of many ways."""
    comma, colon = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :"), (",", " :")]))
    is_ascii = draw(st.booleans())
    oddity = draw(st.sampled_from(["none"] * 6 + ["twice", "turned", "fewer", "more", "literal"]))

    def written(value: Json) -> str:
        if not isinstance(value, dict):
            if oddity == "literal" and draw(st.booleans()):
                return draw(st.sampled_from(LITERALS))
            if draw(st.booleans()) and not isinstance(value, list):
                value = draw(SCALARS)
            return json.dumps(value, ensure_ascii=is_ascii, separators=(comma, colon))
        members = [(json.dumps(name, ensure_ascii=is_ascii), written(inner)) for name, inner in value.items()]
        if oddity == "twice" and members:
            members.append((draw(st.sampled_from(members))[0], "1"))
        elif oddity == "turned":
            members.reverse()
        elif oddity == "fewer":
            members = members[1:]
        elif oddity == "more":
            members.append(('"more"', "1"))
        return (
            "{"
            + comma.join(f"{name}{draw(st.sampled_from([colon] * 5 + [' :']))}{text}" for name, text in members)
            + "}"
        )

    return written(example).encode("utf-8", "surrogatepass")


def exactly(value: Json) -> object:
    """What tells 1 from 1.0 and from true, whatever the order of names."""
    if isinstance(value, dict):
        return {name: exactly(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exactly(inner) for inner in value]
    return type(value), repr(value)


@given(st.data(), OBJECTS)
def test_what_it_reads_is_what_is_decoded(data: st.DataObject, example: dict[str, Json]) -> None:
    try:
        shape = Shape(example)
    except ValueError:
        return
    text = data.draw(texts(example))
    read = shape.read(text)
    if read is not None:
        assert exactly(msgspec.to_builtins(read)) == exactly(strict_json.decode(text))


EXAMPLE: dict[str, Json] = {"id": 7, "owner": {"team": "red", "size": None}, "tags": ["a"], "at": "now"}


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":1.5,"owner":{"team":"blue","size":1},"tags":[],"at":null}',
        b' {"id": 1, "owner": {"team": "blue", "size": 1}, "tags": ["x", 1], "at": "\\n\\\\"} ',
        b'{"owner":{"size":1,"team":"blue"},"at":"x","tags":[],"id":1}',
        b'{"id":1,"owner":{"team":"12:30:00","size":1},"tags":["a:b"],"at":"2026-01-31T09:30:00Z"}',
        b'{"id":123456789012345678901234567890,"owner":{"team":true,"size":1},"tags":[],"at":"\xc3\xbc"}',
    ],
)
def test_it_takes_the_same_names_with_other_values(text: bytes) -> None:
    read = Shape(EXAMPLE).read(text)
    assert exactly(msgspec.to_builtins(read)) == exactly(strict_json.decode(text))


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[],"at":null,"id":1}',
        b'{"id":1,"id" :1,"owner":{"team":"blue","size":1},"tags":[],"at":null}',
        b'{"id":1,"owner":{"team":"blue","size":1,"size":1},"tags":[],"at":null}',
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[],"at":"\\u0000"}',
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[],"at":"\\ud800"}',
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[],"at":"\xff"}',
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[{"a":1}],"at":1}',
        b'{"id":NaN,"owner":{"team":"blue","size":1},"tags":[],"at":1}',
        b'{"id":1e400,"owner":{"team":"blue","size":1},"tags":[],"at":1}',
        b'{"id":1,"owner":{"team":"blue"},"tags":[],"at":1}',
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[],"at":1,"more":1}',
        b'{"id":1,"owner":null,"tags":[],"at":1}',
        b'{"id":1,"owner":{"team":"blue","size":1},"tags":[],"at":1}{}',
        b'{"id": 1,"owner":{"team":":","size":1},"tags":[],"at":1}',
        b"",
        b"[]",
    ],
)
def test_it_leaves_the_rest_to_the_plain_way(text: bytes) -> None:
    assert Shape(EXAMPLE).read(text) is None


def test_arrays_of_objects_are_read_where_they_are_written_as_we_write_them() -> None:
    shape = Shape({"items": [{"a": 1}], "b": 1})
    assert shape.read(b'{"items":[{"a":1},{"c":[{}]}],"b":2}') is not None
    assert shape.read(b'{"items":[{"a":1,"a":1}],"b":2}') is None
    assert shape.read(b'{"items":[{"a": 1}],"b":2}') is None


@pytest.mark.parametrize(
    "example",
    [
        {f"n{number}": 1 for number in range(MOST_NAMES + 1)},
        {"a": {f"n{number}": 1 for number in range(MOST_NAMES)}},
        {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}},
        {'"': 1},
        {"\\": 1},
        {"a": {"\n": 1}},
    ],
)
def test_large_deep_and_odd_objects_have_no_shape(example: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match=r"too|name"):
        Shape(example)


def test_a_shape_that_takes_enough_stays_and_one_that_does_not_goes_for_longer_and_longer() -> None:
    reading, budget = Reading(), Budget()
    reading.learn({"a": 1}, budget)
    first = reading.shape
    assert first is not None
    assert budget.left == MOST_SHAPES - 1
    reading.hits = WORTH * VAIN
    for _ in range(VAIN):
        reading.was_in_vain()
    assert reading.shape is first
    for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE):
        for _ in range(VAIN):
            assert reading.shape is not None
            reading.was_in_vain()
        assert (reading.shape is None, budget.left, reading.pause) == (True, MOST_SHAPES, pause)
        reading.learn({"b": 1}, budget)


@pytest.mark.parametrize("example", [None, [], "text", 1])
def test_nothing_is_learnt_of_what_is_no_object(example: Json) -> None:
    reading, budget = Reading(), Budget()
    reading.learn(example, budget)
    assert (reading.shape, budget.left) == (None, MOST_SHAPES)


def test_after_an_object_without_a_shape_the_next_are_not_tried() -> None:
    reading, budget = Reading(), Budget()
    reading.learn({"\n": 1}, budget)
    assert (reading.shape, budget.left, reading.pause) == (None, MOST_SHAPES, FIRST_PAUSE)


def test_after_a_pause_an_opener_learns_again() -> None:
    opener = Opener("default", trusted=False)
    an_event(opener, b"[]", times=2)
    assert type(an_event(opener, b'{"a":1}', times=FIRST_PAUSE)) is Opened
    assert type(an_event(opener, b'{"a":1}', times=2)) is Shaped


def an_event(opener: Opener, body: bytes, times: int = 1, **changes: str) -> Opened:
    """The last of so many events with this data."""
    for _ in range(times):
        opened = opener.open(headers(JSON, **changes), body)
    assert isinstance(opened, Opened)
    return opened


def test_the_third_event_of_a_habit_is_read_by_its_shape_and_says_what_the_plain_one_says() -> None:
    opener = Opener("default", trusted=False)
    plain = an_event(opener, b'{"b":1,"a":{"c":2}}', times=2)
    shaped = an_event(opener, b'{"b":1,"a":{"c":2}}')
    assert (type(plain), type(shaped)) == (Opened, Shaped)
    assert shaped == plain
    assert shaped.data == {"b": 1, "a": {"c": 2}}
    assert shaped.data is shaped.data, "it is made once"


@pytest.mark.parametrize(
    "body", [b'{"b":1,"a":{"c":2}}', b'{"a":{"c":2},"b":1}', b'{"b": 1, "a": {"c": 2}}', b'{"b":":","a":{"c":1E5}}']
)
def test_its_data_is_written_as_that_of_the_plain_one_in_the_order_in_which_it_came(body: bytes) -> None:
    opener = Opener("default", trusted=False)
    an_event(opener, b'{"b":1,"a":{"c":2}}', times=2)
    shaped = an_event(opener, body)
    written = strict_json.encode(strict_json.decode(body))
    assert shaped.written_data() == written
    assert strict_json.encode(shaped.data) == written
    strict_json.decode(b'["another"]')
    assert shaped.written_data() == written


@pytest.mark.parametrize("body", [b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b"{", b'{"a":NaN}'])
def test_what_is_refused_is_refused_after_a_shape_is_learnt(body: bytes) -> None:
    opener = Opener("default", trusted=False)
    an_event(opener, b'{"a":1}', times=3)
    with pytest.raises(DecodeError):
        opener.open(headers(JSON), body)


def test_where_the_data_of_each_event_is_asked_it_is_made_at_once() -> None:
    opener = Opener("default", trusted=False)
    asked = [an_event(opener, b'{"a":1}', times=2)]
    while len(asked) <= VAIN:
        asked.append(an_event(opener, b'{"a":1}'))
        assert asked[-1].data == {"a": 1}
    assert {type(each) for each in asked[1:]} == {Shaped}
    assert type(an_event(opener, b'{"a":1}')) is Opened
    opener = Opener("default", trusted=False)
    an_event(opener, b'{"a":1}', times=2)
    for _ in range(VAIN):
        assert an_event(opener, b'{"a":1}', times=WORTH).data == {"a": 1}
    assert type(an_event(opener, b'{"a":1}')) is Shaped


def test_shapes_are_bounded_in_number_and_forgotten_with_their_habits() -> None:
    opener = Opener("default", trusted=False, most_habits=MOST_SHAPES + 10)
    before = _shapes()
    held = [an_event(opener, b'{"a":1}', times=3, type=f"type.{number}") for number in range(MOST_SHAPES + 10)]
    assert sum(type(each) is Shaped for each in held) == _shapes() - before == MOST_SHAPES
    habits = [each.habit for each in held]
    held.clear()
    opener.open(headers(JSON, type="one.more"), b"{}")
    assert _shapes() == before
    assert habits, "others may hold these"
    assert type(an_event(opener, b'{"a":1}', times=3)) is Shaped


def _shapes() -> int:
    gc.collect()
    return sum(isinstance(each, Shape) for each in gc.get_objects())
