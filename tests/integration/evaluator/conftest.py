"""The world of the evaluator's integration tests, one a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from tests.integration.evaluator.world import EvaluatorWorld, evaluator_world

from ensue_devstack.databases import ScratchDatabase
from ensue_devstack.servers import Servers


@pytest_asyncio.fixture
async def world(servers: Servers, topic_prefix: str, database: ScratchDatabase) -> AsyncIterator[EvaluatorWorld]:
    """Topics, a database and a publisher of this test's own."""
    async with evaluator_world(servers, topic_prefix, database) as made:
        yield made
