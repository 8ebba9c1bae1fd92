"""JSON as Ensue takes it: what parsers disagree about is refused, and what is accepted comes back as it was.

Refused: anything but UTF-8, NaN and infinities (also by overflow), duplicate names, lone surrogates, U+0000 (which
PostgreSQL cannot store) and nesting over a limit. Integers of any size are exact. Called by the codecs of this package.
"""

from __future__ import annotations

import json
import re
from typing import Final

import msgspec

from ensue.core.json import Json
from ensue.wire.errors import DecodeError, DecodeReason

MAX_DEPTH: Final = 64

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
_END_OF_NAME = re.compile(rb'"[ \t\n\r]*:')
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def encode(value: Json) -> bytes:
    """Compact JSON in UTF-8; integers of any size exactly."""
    return _ENCODER.encode(value)


def decode(text: bytes, max_depth: int = MAX_DEPTH) -> Json:
    """The value that `text` denotes; DecodeError (invalid_json, invalid_encoding) where it denotes none."""
    value = _parse(text)
    names = _count_names(value, max_depth) if isinstance(value, (dict, list)) else 0
    # Each name ends in a quote and a colon, so as many of these as there are distinct names means: none twice.
    # There can be more of them inside texts; then the exact, slow look decides.
    if names != len(_END_OF_NAME.findall(text)):
        _refuse_duplicates(text)
    if b"\\u" in text:
        _refuse_unstorable_text(text, value)
    return value


def _parse(text: bytes) -> Json:
    try:
        value: Json = _DECODER.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.MsgspecError, ValueError) as error:
        if not _is_utf8(text):
            raise DecodeError(DecodeReason.INVALID_ENCODING, "the JSON is not UTF-8") from None
        raise DecodeError(DecodeReason.INVALID_JSON, str(error)) from None
    return value


def _count_names(value: dict[str, Json] | list[Json], depth_left: int) -> int:
    """How many names the objects in `value` hold in all."""
    if depth_left <= 0:
        raise _too_deep()
    count = 0
    members: object = value
    if isinstance(value, dict):
        count, members = len(value), value.values()
    for member in members:  # type: ignore[attr-defined]  # values of the object or elements of the array
        if type(member) is dict or type(member) is list:
            count += _count_names(member, depth_left - 1)
    return count


def _refuse_duplicates(text: bytes) -> None:
    def distinct(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DecodeError(DecodeReason.INVALID_JSON, f"the name {twice[:100]!r} stands twice in one object")

    json.loads(text, object_pairs_hook=distinct)


def _refuse_unstorable_text(text: bytes, value: Json) -> None:
    if _ESCAPED_NUL.search(text):
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
