"""Instants as text and at the precision of the broker. Every instant in Ensue is aware and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def text_of(instant: datetime) -> str:
    """RFC 3339 in UTC with a Z; a fraction (six digits) only where there is one."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def floor_to_millisecond(instant: datetime) -> datetime:
    """The broker stamps records with whole milliseconds, so what is compared with a stamp is rounded down to one."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
