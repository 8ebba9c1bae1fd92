"""The JSON envelope of CloudEvents (structured mode): from its members to attributes as text, and data.

Called for records by `cloudevents`, and for requests and each member of a batch by `http_events`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from ensue.core.json import Json
from ensue.wire import strict_json
from ensue.wire.attributes import DEPTH_SYNTAX, Problem
from ensue.wire.content_type import require_json
from ensue.wire.errors import DecodeError, DecodeReason

MAX_ATTRIBUTES_BYTES: Final = 64 * 1024
# The envelope is one level around the data, a batch one more.
MAX_DEPTH: Final = strict_json.MAX_DEPTH + 1
# Numbers and booleans are allowed in extensions only; these are defined as text.
_TEXT: Final = frozenset({
    "specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype",
    "entitytype", "tenant", "correlationid", "causationid", "targets", "mode",
})  # fmt: skip
_DATA, _DATA_BASE64, _CONTENT_TYPE = "data", "data_base64", "datacontenttype"


@dataclass(frozen=True, slots=True)
class Envelope:
    """An opened envelope."""

    attributes: dict[str, str]
    data: Json


def open_envelope(value: bytes, max_data_bytes: int, problems: list[Problem]) -> Envelope | None:
    """The envelope in `value`; None, and why in `problems`, where there is none."""
    if len(value) > max_data_bytes + MAX_ATTRIBUTES_BYTES:
        problems.append(too_large(len(value), max_data_bytes))
        return None
    try:
        members = strict_json.decode(value, MAX_DEPTH)
    except DecodeError as error:
        problems.append(Problem(error.reason, "", error.message))
        return None
    return read_members(members, max_data_bytes, problems)


def read_members(members: Json, max_data_bytes: int, problems: list[Problem]) -> Envelope | None:
    """The envelope whose members these are."""
    if not isinstance(members, dict):
        problems.append(Problem(DecodeReason.NOT_CLOUDEVENT, "", "is not a JSON object", "an event as a JSON object"))
        return None
    before = len(problems)
    attributes = {
        name: text_of(name, value, problems)
        for name, value in members.items()
        if value is not None and name not in (_DATA, _DATA_BASE64)
    }
    data = _read_data(members, max_data_bytes, problems)
    if len(problems) > before:
        return None
    attributes.pop(_CONTENT_TYPE, None)
    return Envelope(attributes, data)


def too_large(size: int, limit: int) -> Problem:
    """The problem of data over the limit."""
    return Problem(DecodeReason.TOO_LARGE, _DATA, f"is {size} bytes", f"at most {limit} bytes")


def text_of(name: str, value: Json, problems: list[Problem]) -> str:
    """An attribute as text; where it is of a wrong type, the problem."""
    if isinstance(value, str):
        return value
    if name == "chaindepth" and (isinstance(value, bool) or not isinstance(value, int)):
        problems.append(Problem(DecodeReason.INVALID_DEPTH, name, "is not a whole number", DEPTH_SYNTAX))
    elif name in _TEXT or not isinstance(value, int):
        expected = "a text" if name in _TEXT else "a text, whole number or boolean"
        problems.append(Problem(DecodeReason.INVALID_ATTRIBUTE, name, "has the wrong type", expected))
    return strict_json.encode(value).decode() if isinstance(value, int) else "?"


def _read_data(members: dict[str, Json], max_data_bytes: int, problems: list[Problem]) -> Json:
    content_type = members.get(_CONTENT_TYPE)
    try:
        require_json(content_type if isinstance(content_type, str) else None)
    except DecodeError as error:
        problems.append(Problem(error.reason, _CONTENT_TYPE, error.message))
        return None
    encoded = members.get(_DATA_BASE64)
    if encoded is None:
        data = members.get(_DATA)
        size = 0 if data is None else len(strict_json.encode(data))
        if size > max_data_bytes:
            problems.append(too_large(size, max_data_bytes))
        return data
    if _DATA in members:
        problems.append(Problem(DecodeReason.INVALID_ATTRIBUTE, _DATA_BASE64, "stands beside data", "one of them"))
        return None
    return _decode_base64(encoded, max_data_bytes, problems)


def _decode_base64(encoded: Json, max_data_bytes: int, problems: list[Problem]) -> Json:
    try:
        raw = b64decode(encoded if isinstance(encoded, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        problems.append(Problem(DecodeReason.INVALID_ENCODING, _DATA_BASE64, "is not base64", "base64"))
        return None
    if len(raw) > max_data_bytes:
        problems.append(too_large(len(raw), max_data_bytes))
        return None
    try:
        return strict_json.decode(raw)
    except DecodeError as error:
        problems.append(Problem(error.reason, _DATA_BASE64, error.message))
        return None
