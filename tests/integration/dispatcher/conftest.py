"""The world of each test: a migrated database of its own and a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.integration.dispatcher.world import World
from tests.support.receiver import listening

from ensue.postgres.database import Database
from ensue_devstack.databases import ScratchDatabase


@pytest.fixture
async def world(database: ScratchDatabase) -> AsyncIterator[World]:
    """As the dispatcher's own role, beside an administrator who looks on."""
    url = database.url("ensue_dispatcher")
    opened = await Database.open(url, application_name="dispatcher test", max_size=8)
    admin = await asyncpg.connect(database.admin_url)
    try:
        async with listening() as receiver:
            yield World(opened, admin, receiver)
    finally:
        await admin.close()
        await opened.close()
