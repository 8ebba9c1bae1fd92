"""The audit as a process: prepares its schema, becomes ready, appends, says so, and ends cleanly when told to."""

from __future__ import annotations

import secrets

import asyncpg
from tests.integration.audit.world import AuditWorld, approved, fired, midday
from tests.support.eventually import eventually
from tests.support.service_process import service_process

from ensue.wire.cloudevents import encode_event
from ensue.wire.records import encode_firing
from ensue.wire.topics import Topic
from ensue_devstack.servers import Servers, with_database


async def test_it_runs_from_start_to_stop(world: AuditWorld) -> None:
    firing = fired(approved())
    async with service_process("audit", _environment(world)) as running:
        port = await running.ready()
        await world.publish(encode_event(approved(), Topic.EVENTS), encode_firing(firing))
        await eventually(lambda: _has_rows(world))
        assert 'ensue_audit_rows_total{kind="firing"} 1.0' in await running.metrics(port)
        assert await running.end() == 0
        [line] = running.lines_of("firing_recorded")
    assert (line["firing_id"], line["trigger_id"], line["correlation_id"], line["tenant"]) == (
        str(firing.firing_id),
        str(firing.trigger_id),
        str(firing.lineage.correlation_id),
        "studio",
    )


async def test_a_killed_audit_goes_on_where_its_rows_end(world: AuditWorld) -> None:
    events = [encode_event(approved(number), Topic.EVENTS) for number in range(3000)]
    async with service_process("audit", _environment(world)) as first:
        await first.ready()
        await world.publish(*events)
        await eventually(lambda: _more_than(world, 100))
        await first.kill()
    async with service_process("audit", _environment(world)):
        await eventually(lambda: _more_than(world, 2999), within=60)
    assert await world.rows("event") == 3000


async def test_the_partitions_of_the_coming_days_are_made_ahead(world: AuditWorld) -> None:
    async with service_process("audit", {**_environment(world), "ENSUE_AUDIT_DAYS_AHEAD": "3"}):

        async def made() -> None:
            for day in range(4):
                table = f"audit.event_{midday(day):%Y%m%d}"
                assert await world.admin.fetchval("SELECT to_regclass($1)::text", table)

        await eventually(made, within=30)


async def test_a_database_that_knows_nothing_is_prepared_and_prepared_again(servers: Servers) -> None:
    name = f"ensue_test_audit_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(servers.database_url)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        environment = {"ENSUE_ADMIN_DATABASE_URL": with_database(servers.database_url, name)}
        for _ in range(2):
            async with service_process("audit", environment, "migrate") as running:
                assert await running.exit_code() == 0
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


async def test_an_unknown_argument_is_refused() -> None:
    async with service_process("audit", {}, "mirgate") as running:
        assert await running.exit_code() == 2


def _environment(world: AuditWorld) -> dict[str, str]:
    return {
        "ENSUE_KAFKA_BOOTSTRAP": world.servers.kafka_bootstrap,
        "ENSUE_TOPIC_PREFIX": world.prefix,
        "ENSUE_DATABASE_URL": world.database.url("ensue_audit"),
    }


async def _has_rows(world: AuditWorld) -> None:
    assert (await world.rows("event"), await world.rows("firing")) == (1, 1)


async def _more_than(world: AuditWorld, rows: int) -> None:
    assert await world.rows("event") > rows
