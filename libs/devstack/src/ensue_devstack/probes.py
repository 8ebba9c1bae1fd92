"""Asks Kafka, PostgreSQL and our services, each in its own protocol, whether they are ready. Called by programs."""

from __future__ import annotations

import aiohttp
import orjson

from ensue.core.errors import Unavailable
from ensue.kafka.admin import admin_client
from ensue.postgres.database import Database
from ensue_devstack.program import NotReady, Probe

HEALTH_SECONDS = 5.0


def kafka_answers(bootstrap: str) -> Probe:
    """Ready when the broker says that it is part of a cluster with a controller."""

    async def probe() -> None:
        async with admin_client(bootstrap) as admin:
            cluster = await admin.describe_cluster()
        if not cluster["brokers"] or cluster["controller_id"] < 0:
            raise NotReady("the broker has not joined its cluster yet")

    return probe


async def broker_count(bootstrap: str) -> int:
    """How many brokers the cluster has."""
    async with admin_client(bootstrap) as admin:
        return len((await admin.describe_cluster())["brokers"])


def postgres_answers(url: str) -> Probe:
    """Ready when it answers a query."""

    async def probe() -> None:
        database = await Database.open(url, application_name="ensue devstack", max_size=1)
        try:
            await database.check()
        finally:
            await database.close()

    return probe


def service_is_ready(port: int) -> Probe:
    """Ready when its own health page says so; if not, the reason names the components that are not."""
    url = f"http://127.0.0.1:{port}/health/ready"

    async def probe() -> None:
        timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
                body = await answer.read()
                if answer.status != 200:
                    raise NotReady(_reasons(body) or f"{url} answers {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"{url} does not answer: {type(error).__name__}") from error

    return probe


def _reasons(body: bytes) -> str:
    """`kafka: no partition is assigned; postgres: ...` from a health page."""
    try:
        components = orjson.loads(body)["components"]
        return "; ".join(f"{name}: {one.get('reason')}" for name, one in components.items() if not one["ready"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ""
