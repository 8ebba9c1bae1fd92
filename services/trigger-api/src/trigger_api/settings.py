"""What trigger-api is told, from `ENSUE_*` variables. Read once by `__main__` and `cli`, passed down."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from ensue.runtime.settings import DatabaseUrl, EnsueSettings, Expects, Port, Seconds, ServiceSettings

ClockSkew = Annotated[float, Field(ge=0, le=60, allow_inf_nan=False), Expects("a number of seconds from 0 to 60")]

UnindexedLimit = Annotated[int, Field(ge=0, le=1_000_000), Expects("a whole number from 0 to 1000000")]


class ApiSettings(ServiceSettings):
    """The running service."""

    service: ClassVar[str] = "trigger-api"

    api_host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    api_port: Port = Field(default=8080, description="Port of the API; 0 takes a free one and logs it.")
    in_force_seconds: Seconds = Field(default=1.0, description="How long a write waits until its change is in force.")
    publish_seconds: Seconds = Field(default=5.0, description="How long an intake waits for Kafka before it says 503.")
    key_cache_seconds: Seconds = Field(default=2.0, description="So long may a revoked API key still be taken.")
    max_unindexed_triggers: UnindexedLimit = Field(
        default=500,
        description="How many enabled triggers of a project no index may lead to, for each event type.",
    )
    clock_skew_seconds: ClockSkew = Field(
        default=0.0,
        description="By how much the brokers' clocks may be behind the database's: triggers begin so early.",
    )


class MigrationSettings(EnsueSettings):
    """`trigger_api migrate`."""

    admin_database_url: DatabaseUrl = Field(description="The database, as its administrator.", repr=False)


class KeySettings(EnsueSettings):
    """`trigger_api create-key` and `revoke-key`."""

    database_url: DatabaseUrl = Field(description="The database, as ensue_trigger_api.", repr=False)
