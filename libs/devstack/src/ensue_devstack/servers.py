"""Where the servers are that a stack or a test run uses. Called by the supervisor, the stack and the pytest plugin."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

KAFKA_VARIABLE = "KAFKA_BOOTSTRAP"
DATABASE_VARIABLE = "DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Servers:
    """A Kafka and a PostgreSQL. `database_url` is a superuser's: it may create databases and roles."""

    kafka_bootstrap: str
    database_url: str


@dataclass(frozen=True, slots=True)
class Overrides:
    """Servers that the environment names, which are then used in place of our own."""

    kafka_bootstrap: str | None
    database_url: str | None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Overrides:
        """What the environment names; an empty variable names nothing."""
        return cls(environment.get(KAFKA_VARIABLE) or None, environment.get(DATABASE_VARIABLE) or None)

    def complete(self) -> Servers | None:
        """Both servers, if nothing of our own is needed."""
        if self.kafka_bootstrap and self.database_url:
            return Servers(self.kafka_bootstrap, self.database_url)
        return None


def overrides() -> Overrides:
    """The overrides of this process."""
    return Overrides.of(os.environ)


def with_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def role_password(admin_url: str) -> str | None:
    """The password of the services' roles on this server; None where the administrator needs none either.

    Roles belong to the server, not to one database, so everyone who uses the server must arrive at the same password:
    it is derived from the administrator's.
    """
    secret = urlsplit(admin_url).password
    if not secret:
        return None
    return hashlib.sha256(f"ensue roles {secret}".encode()).hexdigest()[:32]
