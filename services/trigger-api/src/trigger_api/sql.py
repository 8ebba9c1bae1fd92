"""The named statements of a domain folder, read from its `.sql` file at their first use and kept."""

from __future__ import annotations

from functools import cache

from ensue.postgres.queries import Queries


@cache
def statements(domain: str, file: str = "queries.sql") -> Queries:
    """The statements of `trigger_api/<domain>/<file>`."""
    return Queries.load(f"{__package__}.{domain}", file)
