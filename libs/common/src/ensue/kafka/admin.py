"""An admin client for the length of a `with`, whose failures are ours. Called by `ensue.kafka.topics` and the tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from ensue.kafka.errors import translated

REQUEST_TIMEOUT_SECONDS = 15.0


@asynccontextmanager
async def admin_client(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected client. Unavailable if nobody answers at `bootstrap` (in time), KafkaRefused if the answer is no."""
    client = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap.split(","), request_timeout_ms=int(REQUEST_TIMEOUT_SECONDS * 1000)
    )
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
            await client.start()
        yield client
    except (KafkaError, TimeoutError, OSError) as error:
        raise translated(error, f"Kafka at {bootstrap}") from error
    finally:
        await client.close()
