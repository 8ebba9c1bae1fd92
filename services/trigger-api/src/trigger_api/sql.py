"""The schema that this service owns, and the named statements of its domain folders: read at first use, kept."""

from __future__ import annotations

from functools import cache
from typing import Final

from ensue.postgres.queries import Queries

SCHEMA: Final = "triggers"


@cache
def statements(domain: str, file: str = "queries.sql") -> Queries:
    """The statements of `trigger_api/<domain>/<file>`."""
    return Queries.load(f"{__package__}.{domain}", file)
