"""Cursors: where a page of a list ended, as an opaque text. Used by every list (keyset paging on (instant, id)).

A cursor is not a permission: it only says where to go on within what the tenant may see, so it is not signed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from ensue.wire.documents import Fault
from trigger_api.problems import invalid

DEFAULT_LIMIT: Final = 50
HIGHEST_LIMIT: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """The sort key of the last row of a page."""

    at: datetime
    id: UUID


def encode_cursor(position: Position) -> str:
    """Eight bytes of microseconds since 1970, sixteen of the id, base64 without padding."""
    micros = (position.at - _EPOCH) // _MICROSECOND
    packed = micros.to_bytes(8, "big", signed=True) + position.id.bytes
    return base64.urlsafe_b64encode(packed).decode("ascii")


def decode_cursor(text: str) -> Position:
    """The position; a Problem (400) when this is not a cursor of ours."""
    try:
        packed = base64.b64decode(text, altchars=b"-_", validate=True)
        at = _EPOCH + int.from_bytes(packed[:8], "big", signed=True) * _MICROSECOND
        return Position(at, UUID(bytes=packed[8:]))
    except (binascii.Error, ValueError, OverflowError):
        fault = Fault("/query/cursor", "is not a cursor", "the next_cursor of the page before")
        raise invalid([fault]) from None
