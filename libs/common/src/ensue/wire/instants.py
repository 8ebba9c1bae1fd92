"""Instants in records: aware, and in UTC once decoded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from ensue.core.errors import InvalidValue

AwareInstant = Annotated[datetime, msgspec.Meta(tz=True)]


def utc(instant: datetime) -> datetime:
    """The same instant in UTC; InvalidValue for a naive one, which is no instant."""
    if instant.tzinfo is None:
        raise InvalidValue("an instant needs a time zone")
    return instant.astimezone(UTC)
