"""Looking an API key up, with a brief memory. Called by `access` for every request."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from ensue.postgres.database import Database
from ensue.runtime.clock import Clock
from trigger_api.keys.rules import KnownKey
from trigger_api.sql import statements

REMEMBERED: Final = 10_000


class KeyRing:
    """Keys as the database knows them, remembered for `seconds`: so long may a revoked key still be taken.

    Keys that do not exist are not remembered, so that a new one works at once.
    """

    def __init__(self, database: Database, clock: Clock, *, seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self._known: OrderedDict[str, tuple[float, KnownKey]] = OrderedDict()

    async def find(self, key_id: str) -> KnownKey | None:
        """The key, unless it was never made or has been revoked. Raises Unavailable."""
        now = self._clock.monotonic()
        until, known = self._known.get(key_id, (now, None))
        if known is not None and now < until:
            return known
        known = await self._look_up(key_id)
        if known is None:
            self._known.pop(key_id, None)
        else:
            self._remember(known, now + self._seconds)
        return known

    async def _look_up(self, key_id: str) -> KnownKey | None:
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(statements("keys")["use_key"], key_id)
        if row is None:
            return None
        return KnownKey(key_id, row["tenant"], row["admin"], bytes(row["secret_hash"]))

    def _remember(self, known: KnownKey, until: float) -> None:
        self._known[known.key_id] = (until, known)
        self._known.move_to_end(known.key_id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
