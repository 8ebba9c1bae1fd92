"""One real Apache Kafka node in KRaft mode: its configuration, its storage, and how to start it. Called by the stack.

Small on purpose (internal topics with few partitions, half a gigabyte of heap, the serial collector), and nothing
that a program could rely on differs from a large one: topics are never made by being used.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ensue.core.errors import Unavailable
from ensue_devstack.java import find_java
from ensue_devstack.kafka_jars import jars_folder
from ensue_devstack.layout import Layout
from ensue_devstack.ports import ADDRESS
from ensue_devstack.probes import kafka_answers
from ensue_devstack.program import Kind, Program
from ensue_devstack.progress import silent

NAME = "kafka"
HEAP = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")

# Of every node of ours, whether it runs as a process or in a container.
BROKER = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.index.size.max.bytes": "1048576",
    # A node that was killed joins again only when the controller has given up on its former life (9 s by default).
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
}

LOGGING = """\
appender.stdout.type=Console
appender.stdout.name=stdout
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d %p %c{1}: %m%n
rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=stdout
logger.server.name=kafka.server
logger.server.level=INFO
logger.server_config.name=kafka.server.KafkaConfig
logger.server_config.level=WARN
"""


@dataclass(frozen=True, slots=True)
class KafkaServer:
    """The node of one stack."""

    layout: Layout
    port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        return f"{ADDRESS}:{self.port}"

    @property
    def data(self) -> Path:
        return self.layout.kafka / "data"

    @property
    def properties(self) -> Path:
        return self.layout.kafka / "server.properties"

    def program(self, environment: Mapping[str, str]) -> Program:
        """How to run it. Raises Unavailable where there is no Java or the jars cannot be had."""
        java = self._java(environment)

        async def prepare() -> None:
            self._configure()
            if not (self.data / "meta.properties").exists():
                await self._format(java)

        return Program(
            name=NAME,
            kind=Kind.SERVER,
            command=(*java, "kafka.Kafka", str(self.properties)),
            log=self.layout.log(NAME),
            probe=kafka_answers(self.bootstrap),
            environment=environment,
            port=self.port,
            prepare=prepare,
            stop_seconds=20.0,
        )

    def _java(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        jars = jars_folder(environment, silent)
        logging = self.layout.kafka / "log4j2.properties"
        return (
            str(find_java(environment)),
            *HEAP,
            f"-Dlog4j2.configurationFile={logging}",
            *("-cp", f"{jars}/*"),
        )

    def _configure(self) -> None:
        self.layout.kafka.mkdir(exist_ok=True)
        (self.layout.kafka / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        settings = {
            **BROKER,
            "controller.quorum.voters": f"1@{ADDRESS}:{self.controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{ADDRESS}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.data),
        }
        lines = (f"{name}={value}\n" for name, value in settings.items())
        self.properties.write_text("".join(lines), encoding="utf-8")

    async def _format(self, java: tuple[str, ...]) -> None:
        """Give the storage its cluster id. What a format that was cut off left behind goes first."""
        shutil.rmtree(self.data, ignore_errors=True)
        formatting = await asyncio.create_subprocess_exec(
            *java,
            *("kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(self.properties)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await formatting.communicate()
        if formatting.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise Unavailable(f"Kafka's storage could not be made: {said.decode(errors='replace').strip()}")


def _cluster_id() -> str:
    """128 random bits in URL-safe base64, as Kafka writes a UUID; not beginning with '-', which would be an option."""
    return base64.urlsafe_b64encode(b"\x01" + secrets.token_bytes(15)).decode().rstrip("=")
