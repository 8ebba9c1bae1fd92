"""What can be wrong with bytes from a topic. The reason goes into the dead letter and into a metric's label."""

from __future__ import annotations

from enum import StrEnum

from ensue.core.errors import EnsueError, InvalidValue


class DecodeReason(StrEnum):
    """Why a record cannot be understood; closed, because people alert on it."""

    NOT_CLOUDEVENT = "not_cloudevent"
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type"
    MISSING_ATTRIBUTE = "missing_attribute"
    DUPLICATE_ATTRIBUTE = "duplicate_attribute"
    INVALID_ATTRIBUTE = "invalid_attribute"
    FORBIDDEN_ATTRIBUTE = "forbidden_attribute"
    INVALID_DEPTH = "invalid_depth"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_JSON = "invalid_json"
    TOO_LARGE = "too_large"
    INVALID_RECORD = "invalid_record"
    UNKNOWN_KIND = "unknown_kind"


class DecodeError(EnsueError):
    """A record cannot be understood and never will be; `message` says why, without its contents."""

    def __init__(self, reason: DecodeReason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class EventTooLarge(InvalidValue):
    """An event's data is larger than what a topic takes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the event's data is {size} bytes; at most {limit} are allowed")
        self.size = size
        self.limit = limit
