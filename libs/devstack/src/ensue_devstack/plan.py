"""What one stack consists of, and what is done between its steps. Made by the supervisor, which carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ensue.core.errors import InvalidValue
from ensue.kafka.topics import apply_topics
from ensue_devstack.api_keys import working_keys
from ensue_devstack.containers import KafkaContainer, PostgresContainer
from ensue_devstack.databases import make_database, prepare_database
from ensue_devstack.dev_info import DevInfo
from ensue_devstack.kafka_server import KafkaServer
from ensue_devstack.layout import Layout, Secrets
from ensue_devstack.ports import kept_ports
from ensue_devstack.postgres_server import PostgresServer
from ensue_devstack.probes import broker_count
from ensue_devstack.program import Program
from ensue_devstack.schemas import installed_schemas
from ensue_devstack.scratch_topics import topic_list
from ensue_devstack.servers import Overrides, Servers, with_database
from ensue_devstack.services import API, ServiceSetup, installed_services, port_names
from ensue_devstack.state import Extent

DATABASE = "ensue"
KIND_VARIABLE = "ENSUE_DEVSTACK"
PREFIX_VARIABLE = "ENSUE_TOPIC_PREFIX"
Say = Callable[[str], None]


def is_docker(environment: Mapping[str, str]) -> bool:
    """Whether the servers are wanted in containers. InvalidValue for a wish that nobody understands."""
    match environment.get(KIND_VARIABLE) or "processes":
        case "processes":
            return False
        case "docker":
            return True
        case other:
            raise InvalidValue(f"{KIND_VARIABLE}={other!r} is neither 'processes' (the default) nor 'docker'")


class Plan(Protocol):
    """The steps of a stack, in order: servers, prepare, services, inform."""

    def servers(self) -> tuple[Program, ...]:
        """What is started first."""

    async def prepare(self, say: Say) -> None:
        """Done when the servers are ready, before the services start. Runs again without harm."""

    def services(self) -> tuple[Program, ...]:
        """What is started then."""

    async def inform(self, reached: Extent) -> DevInfo:
        """Asked when all that is wanted is ready."""


class KafkaNode(Protocol):
    """A Kafka that we run: as a process or in a container."""

    @property
    def bootstrap(self) -> str: ...

    def program(self, environment: Mapping[str, str]) -> Program: ...


class PostgresNode(Protocol):
    """A PostgreSQL that we run: as a process or in a container. `url`: the administrator's."""

    @property
    def url(self) -> str: ...

    def program(self, environment: Mapping[str, str]) -> Program: ...


@dataclass(frozen=True, slots=True)
class StackPlan:
    """The plan of a real stack. With `database_url` of the environment its database is used, else one of our server."""

    layout: Layout
    environment: Mapping[str, str]
    secrets: Secrets
    ports: Mapping[str, int]
    kafka: KafkaNode
    postgres: PostgresNode

    @classmethod
    def of(cls, layout: Layout, environment: Mapping[str, str]) -> StackPlan:
        """Chooses ports and makes secrets, or takes the kept ones. Raises InvalidValue for a kind that is none."""
        secrets = Secrets.kept(layout)
        ports = kept_ports(layout, ("kafka", "kafka_controller", "postgres", *port_names()))
        kafka: KafkaNode
        postgres: PostgresNode
        if is_docker(environment):
            kafka = KafkaContainer(layout, ports["kafka"])
            postgres = PostgresContainer(layout, secrets, ports["postgres"])
        else:
            kafka = KafkaServer(layout, ports["kafka"], ports["kafka_controller"])
            postgres = PostgresServer(layout, secrets, ports["postgres"])
        return cls(layout, {**environment, **layout.marker()}, secrets, ports, kafka, postgres)

    @property
    def overrides(self) -> Overrides:
        return Overrides.of(self.environment)

    @property
    def topic_prefix(self) -> str:
        return self.environment.get(PREFIX_VARIABLE, "")

    @property
    def bare(self) -> Servers:
        """The servers with the database that every PostgreSQL has, or the one that the environment names."""
        named = self.overrides
        return Servers(named.kafka_bootstrap or self.kafka.bootstrap, named.database_url or self.postgres.url)

    @property
    def reachable(self) -> Servers:
        """The servers with the database that the services use."""
        bare = self.bare
        own = with_database(bare.database_url, DATABASE)
        return Servers(bare.kafka_bootstrap, self.overrides.database_url or own)

    def servers(self) -> tuple[Program, ...]:
        """Those that the environment does not name. Raises Unavailable where one cannot be had."""
        named = self.overrides
        return (
            *(() if named.kafka_bootstrap else (self.kafka.program(self.environment),)),
            *(() if named.database_url else (self.postgres.program(self.environment),)),
        )

    async def prepare(self, say: Say) -> None:
        """The database with its roles and schemas, the topics."""
        say("preparing the database")
        if not self.overrides.database_url:
            await make_database(self.postgres.url, DATABASE)
        await prepare_database(self.reachable.database_url, installed_schemas())
        say("making the topics")
        bootstrap, topics = self.reachable.kafka_bootstrap, topic_list(self.layout.home.parent)
        replication = min(topics.replication, await broker_count(bootstrap))
        await apply_topics(bootstrap, self.topic_prefix, topics, replication=replication)

    def services(self) -> tuple[Program, ...]:
        """Those that are installed."""
        setup = self._setup()
        return tuple(setup.program(name) for name in installed_services())

    async def inform(self, reached: Extent) -> DevInfo:
        """Addresses, and with services the API's keys. Bare servers have no database of ours yet."""
        setup, running = self._setup(), installed_services() if reached is Extent.SERVICES else ()
        has_api = API in running
        keys = await working_keys(self.layout, setup.api_url, setup.settings(API)) if has_api else None
        servers = self.bare if reached is Extent.SERVERS else self.reachable
        return DevInfo(
            api_url=setup.api_url if has_api else None,
            kafka_bootstrap=servers.kafka_bootstrap,
            database_url=servers.database_url,
            api_key=keys.api_key if keys else None,
            admin_api_key=keys.admin_api_key if keys else None,
            metrics={name: setup.metrics_url(name) for name in running},
            topic_prefix=self.topic_prefix,
        )

    def _setup(self) -> ServiceSetup:
        return ServiceSetup(
            layout=self.layout,
            secrets=self.secrets,
            servers=self.reachable,
            ports=self.ports,
            topic_prefix=self.topic_prefix,
            environment=self.environment,
        )
