"""JSON as Ensue takes it: what parsers disagree about is refused, and what is accepted comes back as it was.

Refused: anything but UTF-8, NaN and infinities (also by overflow), duplicate names, lone surrogates, U+0000 (which
PostgreSQL cannot store) and nesting over a limit. Integers of any size are exact. Called by the codecs of this package.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from ensue.core.json import Json
from ensue.wire.errors import DecodeError, DecodeReason

MAX_DEPTH: Final = 64

_SHALLOW: Final = 8


def _nested(levels: int) -> object:
    """The type of JSON that is nested no deeper. Its size doubles with each level."""
    scalar = None | bool | int | float | str
    form: object = scalar
    for _ in range(levels):
        form = scalar | list[form] | dict[str, form]  # type: ignore[valid-type]  # made here
    return form


_parse = msgspec.json.Decoder().decode
# Takes no longer, and proves the depth of what it takes, for which one would have to count brackets.
_parse_shallow = msgspec.json.Decoder(_nested(_SHALLOW)).decode
_ENCODER = msgspec.json.Encoder()
# To make a new one each time takes longer than to compare. A thread that finds what another has just written here can
# take it for its own only where both texts are the same.
_WRITTEN = bytearray()
_NO_END_OF_NAME = re.compile(rb':(?<![" \t\n\r]:)')
_BACKSLASH, _SPACE, _COLON = b"\\ :"  # numbers: to look for a byte takes a seventh of the time of a text of one byte
_ESCAPE: Final = b"\\u"
_EARLY: Final = 64
_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")  # each of them: pairs are none of the parser's faults
_NOWHERE = re.compile(r" - at `\$(\[\.\.\.\])*`$")  # a path that names nothing
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def encode(value: Json) -> bytes:
    """Compact JSON in UTF-8; integers of any size exactly."""
    return _ENCODER.encode(value)


def is_as_written(text: bytes) -> bool:
    """Whether `text`, decoded just now, is what `encode` gives of its value. False of any but the last one decoded."""
    return text == _WRITTEN


def is_written(text: bytes, value: object) -> bool:
    """Whether `text` is what `encode` gives of the value that it denotes; `value`: that, or a Struct of all of it."""
    if text == _WRITTEN:  # of the same text's value
        return True
    _ENCODER.encode_into(value, _WRITTEN)
    return text == _WRITTEN


def is_strict(text: bytes, value: object, names: int) -> bool:
    """Whether `text` is surely one that `decode` takes, of which a Struct was decoded with its own `names` alone.

    names: how many it has, those of objects within it included, each of which it wants. False says nothing.
    """
    if _BACKSLASH in text and _ESCAPE in text:
        return False  # it may hide U+0000
    # Each name is there, and has a colon. Where no other colon can end a name, none is there twice.
    if text.count(_COLON) == names:
        return True
    return _count_ends(text) == names if _SPACE in text and _is_spaced(text) else is_written(text, value)


def decode(text: bytes, max_depth: int = MAX_DEPTH) -> Json:
    """The value that `text` denotes; DecodeError (invalid_json, invalid_encoding) where it denotes none."""
    try:
        value: Json = _parse_shallow(text)
    except (RecursionError, msgspec.MsgspecError, ValueError):
        return _decode_plainly(text, max_depth)
    if max_depth < _SHALLOW or _may_be_written_otherwise(text, value):
        check(text, value, max_depth)
    return value


def _decode_plainly(text: bytes, max_depth: int) -> Json:
    """What `decode` does, of a text that is not JSON, or is nested deeply."""
    try:
        value: Json = _parse(text)
    except (RecursionError, msgspec.MsgspecError, ValueError) as error:
        raise _refusal(text, error) from None
    begun = text.count(b"{") + text.count(b"[")
    if begun > max_depth or _may_be_written_otherwise(text, value):
        check(text, value, max_depth, begun)
    return value


def check(text: bytes, value: Json, max_depth: int, begun: int | None = None) -> None:
    """DecodeError where `text`, which a parser took for `value`, is refused all the same. Looks at all there is.

    begun: how many objects and arrays begin in it at most; spares a look for more of them.
    """
    if isinstance(value, (dict, list)):
        names = _count_names(value, max_depth, len(text) if begun is None else begun)
        # As many colons as there are distinct names means none twice. There can be more of them inside texts; then the
        # exact, slow look decides.
        if names != text.count(_COLON) and names != _count_ends(text):
            _refuse_duplicates(text)
    if _BACKSLASH in text and _ESCAPE in text:
        _refuse_unstorable_text(text, value)


def _may_be_written_otherwise(text: bytes, value: Json) -> bool:
    """False where `encode` gives the very same text, which then has no name twice, and no half of a surrogate pair.

    True where U+0000 may hide behind an escape; nor is it tried on a style that is not ours, which is seen early.
    """
    if (_BACKSLASH in text and _ESCAPE in text) or (_SPACE in text and _is_spaced(text)):
        return True
    return not is_written(text, value)


def _is_spaced(text: bytes) -> bool:
    """Whether a text with spaces is surely not in our style, for there is one behind one of its first names."""
    return text.find(b'": ', 0, _EARLY) >= 0


def _count_ends(text: bytes) -> int:
    """How many colons may end a name: each that does stands behind a quote or space."""
    return text.count(_COLON) - len(_NO_END_OF_NAME.findall(text))


def _refusal(text: bytes, error: Exception) -> DecodeError:
    if isinstance(error, RecursionError):
        return _too_deep()
    if not _is_utf8(text):
        return DecodeError(DecodeReason.INVALID_ENCODING, "the JSON is not UTF-8")
    if b"\\u" in text and _would_otherwise_be_json(text):
        return DecodeError(DecodeReason.INVALID_JSON, "text with half of a surrogate pair")
    return DecodeError(DecodeReason.INVALID_JSON, _NOWHERE.sub("", str(error)))


def _would_otherwise_be_json(text: bytes) -> bool:
    """Whether only halves of surrogate pairs are wrong with what the parser refused: it calls them other things."""
    try:
        _parse(_HALF.sub(rb"\\u0020", text))
    except (RecursionError, msgspec.MsgspecError, ValueError):
        return False
    return True


def _count_names(value: dict[str, Json] | list[Json], depth_left: int, begun: int) -> int:
    """How many names the objects in `value` hold in all, where no more than `begun` objects and arrays are."""
    count, left = 0, begun - 1
    level: list[Any] = [value]
    while level:
        if depth_left <= 0:
            raise _too_deep()
        depth_left -= 1
        inner: list[Any] = []
        for each in level:
            members = each
            if type(each) is dict:
                count += len(each)
                members = each.values()
            if left:
                for member in members:
                    if type(member) is dict or type(member) is list:
                        inner.append(member)
                        left -= 1
        level = inner
    return count


def _refuse_duplicates(text: bytes) -> None:
    def distinct(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DecodeError(DecodeReason.INVALID_JSON, f"the name {twice[:100]!r} stands twice in one object")

    json.loads(text, object_pairs_hook=distinct)


def _refuse_unstorable_text(text: bytes, value: Json) -> None:
    if b"\\u0000" in text and _ESCAPED_NUL.search(text):
        raise DecodeError(DecodeReason.INVALID_JSON, "text with U+0000 cannot be stored")
    try:
        _ENCODER.encode(value)
    except UnicodeEncodeError:
        raise DecodeError(DecodeReason.INVALID_JSON, "text with half of a surrogate pair") from None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _too_deep() -> DecodeError:
    return DecodeError(DecodeReason.INVALID_JSON, "the JSON is nested too deep")
