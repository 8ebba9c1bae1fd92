"""What a shape reads is what the plain way decodes; whatever it cannot prove, it leaves to that."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.alive import alive
from tests.unit.wire.world import JSON, headers

from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError
from ensue.wire.opened import Opened, Shaped
from ensue.wire.opening import Opener
from ensue.wire.shapes import (
    LEARN_AFTER,
    LONGEST_PAUSE,
    MOST_NAME_CHARACTERS,
    MOST_NAMES,
    MOST_SHAPES,
    VAIN,
    WORTH,
    Reading,
    Shape,
    Shapes,
    Unfit,
    names_of,
)

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
        shape = Shape(names_of(example))
    except Unfit:
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
        b'{"id": 1, "owner": {"team": "12:30", "size": 1}, "tags": ["a:b"], "at": "2026-01-31T09:30:00Z"}',
        b'{"id":123456789012345678901234567890,"owner":{"team":true,"size":1},"tags":[],"at":"\xc3\xbc"}',
    ],
)
def test_it_takes_the_same_names_with_other_values(text: bytes) -> None:
    read = Shape(names_of(EXAMPLE)).read(text)
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
        b'{"id": 1, "owner": {"team": "12:30", "size": 1, "size": 1}, "tags": [], "at": 1}',
        b'{"id": 1, "id" : 1, "owner": {"team": "12:30", "size": 1}, "tags": [], "at": 1}',
        b'{"id": 1, "id"\t: 1, "owner": {"team": "12:30", "size": 1}, "tags": [], "at": 1}',
        b"",
        b"[]",
    ],
)
def test_it_leaves_the_rest_to_the_plain_way(text: bytes) -> None:
    assert Shape(names_of(EXAMPLE)).read(text) is None


def test_what_was_written_just_now_proves_nothing_of_other_names() -> None:
    shape = Shape(names_of({"a": 1}))
    strict_json.decode(b'{"a":1,"b":2}')
    assert shape.read(b'{"a":1,"b":2}') is None


@pytest.mark.parametrize(
    "example",
    [
        {f"n{number}": 1 for number in range(MOST_NAMES + 1)},
        {"a": {f"n{number}": 1 for number in range(MOST_NAMES)}},
        {"x" * MOST_NAME_CHARACTERS: 1, "y": 1},
        {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}},
        {'"': 1},
        {"\\": 1},
        {"a": {"\n": 1}},
        {"a": [{}]},
        {"a": {"b": [1, []]}},
        [],
        None,
        "text",
    ],
)
def test_of_some_data_no_shape_is_made(example: Json) -> None:
    with pytest.raises(Unfit):
        names_of(example)
    reading, shapes = Reading(), Shapes()
    reading.learn(example, shapes)
    assert reading.shape is None
    assert reading.pause == 2 * LEARN_AFTER


def test_a_shape_that_reads_enough_stays_and_one_that_does_not_goes_for_longer_and_longer() -> None:
    reading, shapes = Reading(), Shapes()
    assert reading.pause == LEARN_AFTER
    reading.learn({"a": 1}, shapes)
    first = reading.shape
    assert first is not None
    reading.hits = WORTH * VAIN
    for _ in range(VAIN):
        reading.was_in_vain(first)
    assert reading.shape is first
    pauses: list[int] = []
    while not pauses or pauses[-1] < LONGEST_PAUSE:
        for _ in range(VAIN):
            assert reading.shape is first
            reading.was_in_vain(first)
        assert reading.shape is None
        pauses.append(reading.pause)
        for _ in range(2 * VAIN):
            reading.was_in_vain(first)  # events that were read by it before
        assert reading.pause == pauses[-1]
        reading.learn({"a": 2}, shapes)
    assert pauses == [LEARN_AFTER * 2**number for number in range(1, 9)]


def test_the_same_names_are_one_shape_and_too_many_are_forgotten_by_all() -> None:
    shapes = Shapes()
    readings = [Reading() for _ in range(MOST_SHAPES + 2)]
    for number, reading in enumerate(readings[:-1]):
        reading.learn({f"name {max(number, 1)}": number}, shapes)
    assert readings[0].shape is readings[1].shape
    assert len(shapes) == MOST_SHAPES
    readings[-1].learn({"one": "more"}, shapes)
    assert [reading.shape for reading in readings[:-1]] == [None] * (MOST_SHAPES + 1)
    assert {reading.pause for reading in readings[:-1]} == {LEARN_AFTER}
    assert readings[-1].shape is not None
    assert len(shapes) == 1


def an_event(opener: Opener, body: bytes, times: int = 1, **changes: str) -> Opened:
    """The last of so many events with this data."""
    for _ in range(times):
        opened = opener.open(headers(JSON, **changes), body)
    assert isinstance(opened, Opened)
    return opened


def learnt(body: bytes, opener: Opener | None = None, **changes: str) -> Opener:
    """An opener that knows the shape of this data."""
    opener = opener or Opener("default", trusted=False)
    an_event(opener, body, times=2, **changes).habit.reading.pause = 0
    assert type(an_event(opener, body, times=2, **changes)) is Shaped
    return opener


def test_events_are_read_by_their_shape_once_enough_have_come_and_say_what_the_plain_ones_say() -> None:
    opener = Opener("default", trusted=False)
    plain = an_event(opener, b'{"b":1,"a":{"c":2}}', times=LEARN_AFTER + 2)
    shaped = an_event(opener, b'{"b":1,"a":{"c":2}}')
    assert (type(plain), type(shaped)) == (Opened, Shaped)
    assert shaped == plain
    assert shaped.data == {"b": 1, "a": {"c": 2}}
    assert shaped.data is shaped.data, "it is made once"


@pytest.mark.parametrize(
    "body", [b'{"b":1,"a":{"c":2}}', b'{"a":{"c":2},"b":1}', b'{"b": 1, "a": {"c": 2}}', b'{"b":":","a":{"c":1E5}}']
)
def test_its_data_is_written_as_that_of_the_plain_one_in_the_order_in_which_it_came(body: bytes) -> None:
    shaped = an_event(learnt(b'{"b":1,"a":{"c":2}}'), body)
    written = strict_json.encode(strict_json.decode(body))
    assert shaped.written_data() == written
    assert strict_json.encode(shaped.data) == written
    strict_json.decode(b'["another"]')
    assert shaped.written_data() == written


@pytest.mark.parametrize("body", [b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b"{", b'{"a":NaN}'])
def test_what_is_refused_is_refused_after_a_shape_is_learnt(body: bytes) -> None:
    opener = learnt(b'{"a":1}')
    with pytest.raises(DecodeError):
        opener.open(headers(JSON), body)


def test_where_the_data_of_each_event_is_asked_it_is_made_at_once() -> None:
    opener = learnt(b'{"a":1}')
    for _ in range(VAIN):
        event = an_event(opener, b'{"a":1}')
        assert type(event) is Shaped
        assert event.data == {"a": 1}
    assert type(an_event(opener, b'{"a":1}')) is Opened
    opener = learnt(b'{"a":1}')
    for _ in range(VAIN):
        assert an_event(opener, b'{"a":1}', times=WORTH).data == {"a": 1}
    assert type(an_event(opener, b'{"a":1}')) is Shaped


def test_shapes_are_forgotten_with_habits_whoever_holds_these() -> None:
    opener = Opener("default", trusted=False, most_habits=20)
    before = alive(Shape)
    bodies = [b'{"a %d":1}' % number for number in range(20)]
    for number, body in enumerate(bodies):
        learnt(body, opener, type=f"type.{number}")
    held = [an_event(opener, body, type=f"type.{number}").habit for number, body in enumerate(bodies)]
    assert alive(Shape) - before == 20
    opener.open(headers(JSON, type="one.more"), b"{}")
    assert [habit.reading.shape for habit in held] == [None] * 20
    assert alive(Shape) == before
