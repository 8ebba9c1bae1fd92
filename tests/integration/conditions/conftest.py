"""A journal on a real PostgreSQL for conditions to be asked of, one for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
from tests.integration.conditions.journal import Journal

from ensue_devstack.databases import ScratchDatabase


@pytest_asyncio.fixture
async def journal(database: ScratchDatabase) -> AsyncIterator[Journal]:
    """An empty journal."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        yield Journal(connection)
    finally:
        await connection.close()
