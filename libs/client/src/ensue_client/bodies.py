"""JSON as it goes to the API and comes back: integers of any size as they are, and nothing that JSON has no word for.

Called by `client` and `asking`.
"""

from __future__ import annotations

import json
import math

from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue.wire.faults import step


def body_of(content: Json) -> bytes:
    """The bytes of a request; InvalidValue for NaN, an infinity and half of a surrogate pair, with the place of it."""
    try:
        return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        place = _place_of_nonsense(content, "")
        raise InvalidValue(f"{place or 'this'} is not JSON: {error}") from error


def content_of(body: bytes) -> Json:
    """What an answer says; ValueError where it is not JSON."""
    content: Json = json.loads(body)
    return content


def shown(content: Json) -> str:
    """For a terminal or a program that reads it."""
    return json.dumps(content, indent=2, ensure_ascii=False)


def _place_of_nonsense(content: Json, place: str) -> str | None:
    """The pointer of the first value that JSON cannot say; None where there is none."""
    if isinstance(content, dict):
        found = (_place_of_nonsense(value, step(place, name)) for name, value in content.items())
    elif isinstance(content, (list, tuple)):
        found = (_place_of_nonsense(value, step(place, index)) for index, value in enumerate(content))
    else:
        return place if _is_nonsense(content) else None
    return next((each for each in found if each is not None), None)


def _is_nonsense(value: Json) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
