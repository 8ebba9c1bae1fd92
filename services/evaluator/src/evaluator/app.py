"""The composition root of the evaluator: builds everything from the settings, once, and runs it until stopped."""

from __future__ import annotations

import gc
from dataclasses import replace

from ensue.kafka.config import LoopConfig
from ensue.kafka.loop import ConsumeLoop
from ensue.kafka.producer import KafkaPublisher, PublisherConfig
from ensue.kafka.tail import TopicTail
from ensue.postgres.database import Database
from ensue.runtime.clock import SystemClock
from ensue.runtime.health import Health, serve
from ensue.runtime.lifecycle import Lifecycle
from ensue.runtime.metrics import Metrics
from ensue.wire.topics import Topic
from evaluator.database_rules import DatabaseRules
from evaluator.evaluate import Evaluator
from evaluator.garbage import GARBAGE_AFTER, collect_garbage_regularly
from evaluator.handler import EvaluatorHandler
from evaluator.keeper import load_until_loaded, reconcile_regularly, tidy_regularly
from evaluator.rules import Rules
from evaluator.settings import EvaluatorSettings

GROUP = "ensue.evaluator"
TOPICS = (Topic.EVENTS, Topic.SYSTEM)
MOST_AT_ONCE = 5000  # events; each batch costs a question for the rules and a commit, whatever its size
CONNECTIONS = 2  # reading rules, the health check


async def run(settings: EvaluatorSettings, lifecycle: Lifecycle) -> None:
    """Serve until `lifecycle.stopping`. Kafka away: not ready. PostgreSQL away: degraded, the trigger topic serves."""
    clock, metrics, health = SystemClock(), Metrics(), Health()
    stack = lifecycle.stack
    server = await serve(health, metrics, settings.http_host, settings.metrics_port)
    stack.push_async_callback(server.close)
    database = await Database.open(
        settings.database_url, application_name=settings.instance, min_size=0, max_size=CONNECTIONS
    )
    stack.push_async_callback(database.close)
    tail = TopicTail(settings.kafka_bootstrap, Topic.TRIGGERS, settings.topic_prefix)
    stack.push_async_callback(tail.stop)
    publisher = KafkaPublisher(PublisherConfig.of(settings), metrics)
    stack.push_async_callback(publisher.stop)
    await publisher.start()
    rules = Rules(tail, DatabaseRules(database), metrics, clock)
    evaluator = Evaluator(GROUP, settings.instance, settings.default_tenant)
    handler = EvaluatorHandler(rules, evaluator, metrics, clock)
    config = replace(LoopConfig.of(settings, GROUP, TOPICS), max_records=MOST_AT_ONCE)
    loop = ConsumeLoop(config, handler, publisher, metrics, clock)
    health.register("ruleset", rules.check)
    health.register("kafka", loop.check)
    health.register("database", database.check, required=False)
    health.set_ready()
    if await load_until_loaded(rules, lifecycle.stopping):
        gc.collect(1)
        gc.freeze()  # the ruleset lives long: later collections need not walk it
        gc.set_threshold(GARBAGE_AFTER)
        lifecycle.spawn("garbage", collect_garbage_regularly(lifecycle.stopping))
        reconciling = reconcile_regularly(rules, lifecycle.stopping, settings.reconcile_seconds, metrics)
        lifecycle.spawn("reconcile", reconciling)
        lifecycle.spawn("tidy", tidy_regularly(rules, lifecycle.stopping))
        await loop.run(lifecycle.stopping, lifecycle.remaining)
