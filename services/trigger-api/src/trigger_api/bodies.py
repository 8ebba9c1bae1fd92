"""Reading a request's body: bounded, of a known type, and as strict JSON with a place for every fault.

Called by the routes that take a body. What PostgreSQL, Kafka or another JSON reader could not give back as it came is
refused here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from email.message import Message
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from ensue.core.json import Json, JsonObject
from ensue.wire import strict_json
from ensue.wire.documents import Fault
from ensue.wire.errors import DecodeError
from ensue.wire.faults import step
from trigger_api.problems import INVALID, MEDIA, TIMEOUT, TOO_LARGE, Problem, invalid

KIB: Final = 1024
MAX_DEPTH: Final = strict_json.MAX_DEPTH + 1  # an event's data is one level within it
BODY_SECONDS: Final = 30.0
MAX_DOCUMENT_BYTES: Final = 256 * KIB
MAX_EVENTS_BYTES: Final = 1024 * KIB + 64 * KIB  # 1 MiB of events and their envelopes
JSON_TYPE: Final = "application/json"
MERGE_PATCH_TYPE: Final = "application/merge-patch+json"
_WHOLE_NUMBERS: Final = range(-(2**63), 2**64)


async def read_body(request: Request, limit: int) -> bytes:
    """The body; a Problem when it is larger than `limit` bytes (whatever its length header says) or encoded."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(MEDIA, "Send the body without a content-encoding.", headers={"Accept-Encoding": "identity"})
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Problem(TIMEOUT, f"The body did not arrive within {BODY_SECONDS:g} seconds.") from None
    except ClientDisconnect:
        raise Problem(INVALID, "The body ended early.") from None
    return bytes(body)


async def read_document(request: Request, *media_types: str) -> JsonObject:
    """A JSON object of one of the media types; a Problem with every fault otherwise."""
    require_media_type(request, media_types)
    return parse_document(await read_body(request, MAX_DOCUMENT_BYTES))


def require_media_type(request: Request, accepted: Sequence[str]) -> None:
    """415 unless the content type is one of these, in UTF-8."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    charset = str(header.get_param("charset", "utf-8")).lower()
    if header.get_content_type() not in accepted or charset not in {"utf-8", "us-ascii"}:
        wanted = " or ".join(accepted)
        raise Problem(MEDIA, f"Send {wanted} in UTF-8.", headers={"Accept": ", ".join(accepted)})


async def read_object(request: Request, limit: int, *media_types: str) -> JsonObject:
    """A JSON object of at most `limit` bytes that is not kept; a Problem otherwise."""
    require_media_type(request, media_types)
    return _object(await read_body(request, limit))


def parse_document(body: bytes) -> JsonObject:
    """Strict JSON: UTF-8, an object, no duplicate names, nothing that cannot be kept as it is."""
    document = _object(body)
    faults = list(too_long_numbers(document))
    if faults:
        raise invalid(faults)
    return document


def _object(body: bytes) -> JsonObject:
    try:
        document = strict_json.decode(body, MAX_DEPTH)
    except DecodeError as error:
        raise invalid([Fault("", error.message, "one JSON object in UTF-8")]) from None
    if not isinstance(document, dict):
        raise invalid([Fault("", "is not a JSON object", "an object in braces")])
    return document


def too_long_numbers(document: Json) -> Iterator[Fault]:
    """Whole numbers that some reader of the document would round."""
    stack: list[tuple[str, Json]] = [("", document)]
    while stack:
        pointer, value = stack.pop()
        match value:
            case dict():
                stack.extend((step(pointer, name), member) for name, member in value.items())
            case list():
                stack.extend((step(pointer, index), member) for index, member in enumerate(value))
            case int() if value not in _WHOLE_NUMBERS:
                yield Fault(pointer, "is a number that cannot be kept", "a whole number of at most 64 bits")


def _too_large(limit: int) -> Problem:
    return Problem(TOO_LARGE, f"The body is larger than {limit} bytes.")
