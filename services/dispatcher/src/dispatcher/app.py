"""The composition root of the dispatcher: builds everything from the settings, once, and runs it until stopped."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from dispatcher.engine import Engine, Surroundings
from dispatcher.intake import IntakeHandler
from dispatcher.intake_store import IntakeStore
from dispatcher.journal import LogJournal
from dispatcher.limits import Limits
from dispatcher.revisions import Revisions
from dispatcher.settings import DispatcherSettings
from dispatcher.settling import SCHEMA
from ensue.actions.addresses import AddressPolicy
from ensue.actions.egress import GuardedHttp
from ensue.actions.kind import Ports
from ensue.actions.signing import WebhookSigner
from ensue.kafka.config import LoopConfig
from ensue.kafka.loop import ConsumeLoop
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.postgres.database import Database
from ensue.postgres.outbox import Relay
from ensue.runtime.clock import SystemClock
from ensue.runtime.health import Health, serve
from ensue.runtime.lifecycle import Lifecycle
from ensue.runtime.metrics import Metrics
from ensue.wire.topics import Topic

GROUP = "ensue.dispatcher"
TOPICS = (Topic.FIRINGS,)
CONNECTIONS = 8  # intake, claims, settling, leases, relay, health, and two to spare


async def run(settings: DispatcherSettings, lifecycle: Lifecycle) -> None:
    """Serve until `lifecycle.stopping`. Kafka or PostgreSQL being away makes it not ready; it waits for them."""
    clock, metrics, health = SystemClock(), Metrics(), Health()
    stack = lifecycle.stack
    server = await serve(health, metrics, settings.http_host, settings.metrics_port)
    stack.push_async_callback(server.close)
    database = await Database.open(
        settings.database_url, application_name=settings.instance, min_size=0, max_size=CONNECTIONS
    )
    stack.push_async_callback(database.close)
    relay = Relay(database, await _publisher(settings, lifecycle, metrics, rebuilding=True), SCHEMA, metrics, clock)
    given = Surroundings(settings.instance, clock, metrics, random.random, relay.kick)
    engine = Engine(database, await _ports(settings, lifecycle), _limits(settings), given)
    intake = IntakeHandler(IntakeStore(database, Revisions(), clock), metrics, engine.poke)
    letters = await _publisher(settings, lifecycle, metrics, rebuilding=False)
    loop = ConsumeLoop(LoopConfig.of(settings, GROUP, TOPICS), intake, letters, metrics, clock)
    health.register("kafka", loop.check)
    health.register("database", database.check)
    health.register("executor", engine.check)
    health.register("relay", relay.check, required=False)
    health.set_ready()
    settled = asyncio.Event()
    lifecycle.spawn("relay", relay.run(settled))
    lifecycle.spawn("intake", loop.run(lifecycle.stopping, lifecycle.remaining))
    try:
        await engine.run(lifecycle.stopping, lifecycle.remaining)
    finally:
        settled.set()


async def _ports(settings: DispatcherSettings, lifecycle: Lifecycle) -> Ports:
    policy = AddressPolicy.allowing(settings.allowed_addresses.split(","))
    http = await lifecycle.stack.enter_async_context(GuardedHttp(policy))
    return Ports(http, WebhookSigner(settings.webhook_secret.get_secret_value()), LogJournal())


async def _publisher(
    settings: DispatcherSettings, lifecycle: Lifecycle, metrics: Metrics, *, rebuilding: bool
) -> KafkaPublisher:
    publisher = KafkaPublisher(PublisherConfig.of(settings, rebuilding=rebuilding), metrics)
    await publisher.start()
    lifecycle.stack.push_async_callback(publisher.stop)
    return publisher


def _limits(settings: DispatcherSettings) -> Limits:
    return Limits(
        slots=settings.slots,
        per_lane=min(settings.calls_per_target, settings.slots),
        per_tenant=max(1, settings.slots // 2),
        lease_margin=timedelta(seconds=settings.lease_margin_seconds),
    )
