"""The world of the audit's integration tests, one a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from tests.integration.audit.world import AuditWorld, audit_world

from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers


@pytest_asyncio.fixture
async def world(servers: Servers, topic_prefix: str, database: ScratchDatabase) -> AsyncIterator[AuditWorld]:
    """Topics, a database and a publisher of this test's own."""
    async with audit_world(servers, topic_prefix, database) as made:
        yield made
