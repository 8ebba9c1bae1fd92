"""What a condition may need beside the event: named calendars. Given where conditions are read and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Context:
    """calendars: named sets of dates for the operator `calendar`; a name that is not here is refused."""

    calendars: Mapping[str, frozenset[date]] = field(default_factory=lambda: MappingProxyType({}))


NO_CONTEXT = Context()
