"""JSON as it goes to the API and comes back: integers of any size as they are, and nothing that JSON has no word for.

Called by `client` and `asking`.
"""

from __future__ import annotations

import json

from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue.wire.faults import Faults
from ensue.wire.sections import refuse_unstorable


def body_of(content: Json) -> bytes:
    """The bytes of a request; InvalidValue for NaN, an infinity and half of a surrogate pair, with the place of it."""
    try:
        return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{_place_of_nonsense(content) or 'this'} is not JSON: {error}") from error


def content_of(body: bytes) -> Json:
    """What an answer says; ValueError where it is not JSON."""
    content: Json = json.loads(body)
    return content


def shown(content: Json) -> str:
    """For a terminal or a program that reads it."""
    return json.dumps(content, indent=2, ensure_ascii=False)


def _place_of_nonsense(content: Json) -> str:
    """The pointer of the first value that no document may hold; empty where there is none."""
    faults = Faults()
    refuse_unstorable(content, faults)
    return next((fault.pointer for fault in faults), "")
