"""JSON is taken or refused as the plain look at all of it says, whatever is proven faster."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.errors import DecodeError, DecodeReason

DEPTH = 4
TEXTS = st.text(alphabet='a:"\\ {[,\tü', max_size=4) | st.sampled_from(["\ud800", "\x00", "\\u0000", " :", ":", '":'])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([1e15, 0.5, -0.0]) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(TEXTS, inner), max_size=4).map(tuple),
    max_leaves=12,
)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :"), ("\n,", "\t:\r\n")])


def written(value: object, style: tuple[str, str], dumps: Callable[[object], str]) -> str:
    """JSON of the value, tuples of pairs as objects, in which a name may stand twice."""
    comma, colon = style
    if isinstance(value, tuple):
        return "{" + comma.join(dumps(name) + colon + written(each, style, dumps) for name, each in value) + "}"
    if isinstance(value, list):
        return "[" + comma.join(written(each, style, dumps) for each in value) + "]"
    return dumps(value)


def plainly(text: bytes) -> Json | DecodeError:
    """What a look at everything says."""
    try:
        value: Json = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return DecodeError(DecodeReason.INVALID_JSON, str(error))
    try:
        strict_json.check(text, value, DEPTH)
    except DecodeError as error:
        return error
    return value


def is_sound(text: bytes) -> bool:
    """The same by another reader: no name twice, not too deep, nothing that cannot be stored."""

    def depth(value: object) -> int:
        inner = list(value.values()) if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0) if isinstance(inner, list) else 0

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=once)
        plain = json.dumps(value, ensure_ascii=False)
        plain.encode()
    except ValueError:
        return False
    return depth(value) <= DEPTH and "\\u0000" not in plain.replace("\\\\", "")


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON in some style."""
    value, style, is_ascii = draw(VALUES), draw(STYLES), draw(st.booleans())
    return written(value, style, lambda each: json.dumps(each, ensure_ascii=is_ascii)).encode(errors="replace")


@given(texts())
@example(b"[[[[[]]]]]")
@example(b'{"a":1,"a":1}')
@example(b'{"a":":b"}')
@example(b'[{"a":1,"a":1},{":":2}]')
@example(b'{"a" :{":" :1,":" :1}}')
def test_what_is_taken_is_what_the_plain_look_takes(text: bytes) -> None:
    expected = plainly(text)
    if isinstance(expected, DecodeError):
        assert not is_sound(text)
        with pytest.raises(DecodeError) as refused:
            strict_json.decode(text, DEPTH)
        assert refused.value.reason is expected.reason
        assert refused.value.message in (expected.message, "text with half of a surrogate pair")
    else:
        assert is_sound(text)
        assert strict_json.decode(text, DEPTH) == expected


@pytest.mark.parametrize("depth", [1, 63, 64])
def test_as_deep_as_allowed_is_taken_and_one_deeper_is_not(depth: int) -> None:
    for begin, end in ((b"[", b"]"), (b'{"a":', b"}")):
        inner = b"1" if end == b"}" else b""
        strict_json.decode(begin * depth + inner + end * depth, depth)
        with pytest.raises(DecodeError, match="nested too deep"):
            strict_json.decode(begin * (depth + 1) + inner + end * (depth + 1), depth)


def test_many_objects_side_by_side_are_not_deep() -> None:
    text = json.dumps({"items": [{"a": [number]} for number in range(500)]})
    for each in (text, text.replace(" ", "")):
        assert strict_json.decode(each.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a":"\\ud83d"}', "text with half of a surrogate pair"),
        (b'["\\ud83d\\ud83d","\\ud83d\\ude00"]', "text with half of a surrogate pair"),
        (b'{"a":{"n":1e400}}', "Number out of range"),
        (b'{"a":1', "Input data was truncated"),
    ],
)
def test_what_is_wrong_is_called_by_its_name(text: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        strict_json.decode(text)
    assert refusal.value.message == message
