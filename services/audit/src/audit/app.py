"""The composition root of the audit service: builds everything from the settings, once, and runs it until stopped."""

from __future__ import annotations

from audit.handler import AuditHandler
from audit.journal import Journal
from audit.keeper import Keeper
from audit.settings import AuditSettings
from ensue.kafka.config import LoopConfig
from ensue.kafka.loop import ConsumeLoop
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.postgres.database import Database
from ensue.runtime.clock import SystemClock
from ensue.runtime.health import Health, serve
from ensue.runtime.lifecycle import Lifecycle
from ensue.runtime.metrics import Metrics
from ensue.wire.topics import Topic

GROUP = "ensue.audit"
TOPICS = (Topic.EVENTS, Topic.SYSTEM, Topic.FIRINGS, Topic.OUTCOMES, Topic.DEAD)
CONNECTIONS = 3  # the loop's, the keeper's, the health check's


async def run(settings: AuditSettings, lifecycle: Lifecycle) -> None:
    """Serve until `lifecycle.stopping`. PostgreSQL or Kafka being away makes it not ready; it waits for them."""
    clock, metrics, health = SystemClock(), Metrics(), Health()
    stack = lifecycle.stack
    server = await serve(health, metrics, settings.http_host, settings.metrics_port)
    stack.push_async_callback(server.close)
    database = await Database.open(
        settings.database_url, application_name=settings.instance, min_size=0, max_size=CONNECTIONS
    )
    stack.push_async_callback(database.close)
    publisher = KafkaPublisher(PublisherConfig.of(settings), metrics)
    stack.push_async_callback(publisher.stop)
    await publisher.start()
    journal = Journal(database)
    handler = AuditHandler(journal, metrics, settings.default_tenant)
    loop = ConsumeLoop(LoopConfig.of(settings, GROUP, TOPICS), handler, publisher, metrics, clock)
    health.register("kafka", loop.check)
    health.register("database", database.check)
    health.set_ready()
    lifecycle.spawn("keeper", Keeper(journal, clock, settings.audit_days_ahead).run(lifecycle.stopping))
    await loop.run(lifecycle.stopping, lifecycle.remaining)
