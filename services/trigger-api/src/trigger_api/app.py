"""The composition root of trigger-api: `build_app` puts the HTTP application together, `run` the whole process.

Called by `__main__`; tests call `build_app` with ports of their own.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI

from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.postgres.database import Database
from ensue.postgres.outbox import Relay
from ensue.runtime import health
from ensue.runtime.clock import Clock, SystemClock
from ensue.runtime.ids import SystemIds
from ensue.runtime.lifecycle import Lifecycle
from ensue.runtime.metrics import Metrics
from trigger_api import openapi, problems, server
from trigger_api.calendars.routes import router as calendars
from trigger_api.chains.routes import router as chains
from trigger_api.events.routes import router as events
from trigger_api.keys.queries import KeyRing
from trigger_api.log.routes import router as log
from trigger_api.ports import Ports
from trigger_api.questions.routes import router as questions
from trigger_api.settings import ApiSettings
from trigger_api.sql import SCHEMA
from trigger_api.telemetry import Telemetry
from trigger_api.triggers.routes import router as triggers

POOL_SIZE = 16


def build_app(ports: Ports, metrics: Metrics, clock: Clock) -> FastAPI:
    """The application with everything around it."""
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.ports = ports
    problems.install(app)
    openapi.install(app)
    # The first two have paths within that of the triggers.
    for router in (log, questions, triggers, calendars, events, chains):
        app.include_router(router)
    app.add_middleware(Telemetry, metrics=metrics, clock=clock, ids=ports.ids)
    return app


async def run(settings: ApiSettings, lifecycle: Lifecycle) -> None:
    """Run until the lifecycle stops: requests end first, then the relay, then Kafka and the database are closed."""
    metrics, checks = Metrics(), health.Health()
    ports = await _open_ports(settings, lifecycle, metrics, checks)
    site = await health.serve(checks, metrics, settings.http_host, settings.metrics_port)
    lifecycle.stack.push_async_callback(site.close)
    listener = server.listen(settings.api_host, settings.api_port)
    app = build_app(ports, metrics, SystemClock())
    serving = lifecycle.spawn("api", server.serve(app, listener, lifecycle.stopping, lifecycle.remaining))
    checks.set_ready()
    await lifecycle.stopping.wait()
    checks.set_stopping()
    await serving


async def _open_ports(settings: ApiSettings, lifecycle: Lifecycle, metrics: Metrics, checks: health.Health) -> Ports:
    clock = SystemClock()
    database = await Database.open(
        settings.database_url, application_name=settings.service, min_size=0, max_size=POOL_SIZE
    )
    lifecycle.stack.push_async_callback(database.close)
    intake = await _publisher(settings, lifecycle, metrics, deadline=settings.publish_seconds)
    outgoing = await _publisher(settings, lifecycle, metrics, deadline=settings.send_deadline_seconds)
    relay = Relay(database, outgoing, SCHEMA, metrics, clock)
    lifecycle.spawn("relay", relay.run(lifecycle.stopping))
    checks.register("database", database.check)
    checks.register("kafka", intake.check, required=False)
    checks.register("relay", relay.check, required=False)
    return Ports(
        database=database,
        publisher=intake,
        relay=relay,
        keys=KeyRing(database, clock, seconds=settings.key_cache_seconds),
        ids=SystemIds(),
        in_force_seconds=settings.in_force_seconds,
        publish_seconds=settings.publish_seconds,
        max_unindexed=settings.max_unindexed_triggers,
        clock_skew=timedelta(seconds=settings.clock_skew_seconds),
    )


async def _publisher(
    settings: ApiSettings, lifecycle: Lifecycle, metrics: Metrics, *, deadline: float
) -> KafkaPublisher:
    config = PublisherConfig(
        bootstrap=settings.kafka_bootstrap,
        topic_prefix=settings.topic_prefix,
        deadline_seconds=deadline,
        rebuilding=True,
        client_id=settings.service,
    )
    publisher = KafkaPublisher(config, metrics)
    await publisher.start()
    lifecycle.stack.push_async_callback(publisher.stop)
    return publisher
