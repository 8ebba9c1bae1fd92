"""Settings: one typed list per service, read once from `ENSUE_*` variables at start and passed down.

Each service subclasses `ServiceSettings` in its own `settings.py`; its `__main__` calls `load_settings`. Nobody else
reads the environment. `describe` gives the rows of the table in the documentation.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PREFIX = "ENSUE_"
EXIT_WRONG_INPUT = 2
_BROKER = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})\Z")
_FIELD_IN_SENTENCE = re.compile(r'field "(\w+)"')
_DATABASE_SCHEMES = ("postgres", "postgresql")


@dataclass(frozen=True, slots=True)
class Confidential:
    """Marks a setting whose value is never shown: not in an error, not in a table, not in a log."""


@dataclass(frozen=True, slots=True)
class Expects:
    """Says in words what would be right for a setting, where its type alone does not."""

    text: str


def _bootstrap(value: str) -> str:
    if not all(_is_broker(part.strip()) for part in value.split(",")):
        raise ValueError("is not a list of brokers")
    return value


def _is_broker(part: str) -> bool:
    match = _BROKER.match(part)
    return match is not None and 0 < int(match[2]) < 65536


def _database_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in _DATABASE_SCHEMES or len(parts.path) < 2:
        raise ValueError("is not the URL of a PostgreSQL database")
    _ = parts.port  # raises ValueError where it is not a port
    return value


KafkaBootstrap = Annotated[str, AfterValidator(_bootstrap), Expects("host:port, several with commas")]
DatabaseUrl = Annotated[
    str, AfterValidator(_database_url), Confidential(), Expects("postgres://role:password@host:port/database")
]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), Expects("a number of seconds above 0")]
TopicPrefix = Annotated[
    str, Field(pattern=r"^([a-zA-Z0-9._-]{1,100})?$"), Expects("letters, digits, dot, dash, underscore; at most 100")
]
Tenant = Annotated[str, Field(pattern=r"^[^\s/\x00]{1,200}$"), Expects("1 to 200 characters, no space, no slash")]


class EnsueSettings(BaseSettings):
    """How every list of settings is read: `ENSUE_<NAME>`, an empty variable counts as absent, values never change."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )


class ServiceSettings(EnsueSettings):
    """What every service is told. Subclasses set `service` and add their own."""

    service: ClassVar[str] = "ensue"

    kafka_bootstrap: KafkaBootstrap = Field(description="Kafka brokers to ask first.")
    topic_prefix: TopicPrefix = Field(default="", description="Put before every topic's name; one per deployment.")
    database_url: DatabaseUrl = Field(description="The database, as the service's own role.", repr=False)
    http_host: str = Field(default="127.0.0.1", description="Address that health and metrics listen on.")
    metrics_port: Port = Field(default=0, description="Port of health and metrics; 0 takes a free one and logs it.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    default_tenant: Tenant = Field(default="default", description="Tenant of events that name none.")
    instance: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}",
        min_length=1,
        max_length=200,
        description="Name of this process in logs and receipts; by default host name and process id.",
    )
    drain_seconds: Seconds = Field(default=20.0, description="Time in which work in hand ends after a stop signal.")
    send_deadline_seconds: Seconds = Field(default=15.0, description="A record not acknowledged in this time failed.")


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load_settings(cls: type[SettingsT]) -> SettingsT:
    """Read the settings, or say on stderr which variables are wrong and what would be right, and exit with 2."""
    try:
        return cls()
    except ValidationError as error:
        lines = [_complaint(cls, fault["loc"], fault["msg"], fault["type"]) for fault in error.errors()]
    except SettingsError as error:  # a list or a mapping that is not JSON; the library names the field in its sentence
        named = _FIELD_IN_SENTENCE.search(str(error))
        lines = [_complaint(cls, (named[1] if named else "",), str(error), "settings")]
    sys.stderr.write("\n".join(["The settings are wrong; nothing was started.", *lines, ""]))
    raise SystemExit(EXIT_WRONG_INPUT)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the table of settings. `default` is None where the setting must be given."""

    name: str
    type: str
    default: str | None
    meaning: str


def describe(cls: type[BaseSettings]) -> list[SettingRow]:
    """Every setting of a service, in the order of declaration, inherited ones first."""
    schemas = _schemas(cls)
    return [
        SettingRow(variable(name), expected(field, schemas.get(name, {})), _default(field), field.description or "")
        for name, field in cls.model_fields.items()
    ]


def variable(field_name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field_name.upper()


def expected(field: FieldInfo, schema: Mapping[str, Any]) -> str:
    """What a setting's value must be, in words."""
    for mark in field.metadata:
        if isinstance(mark, Expects):
            return mark.text
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    words: str = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}.get(
        schema.get("type", ""), "text"
    )
    low, high = schema.get("minimum", schema.get("minLength")), schema.get("maximum", schema.get("maxLength"))
    unit = " characters" if "minLength" in schema or "maxLength" in schema else ""
    match low, high:
        case None, None:
            return words
        case _, None:
            return f"{words}, at least {low}{unit}"
        case None, _:
            return f"{words}, at most {high}{unit}"
    return f"{words}, {low} to {high}{unit}"


def _schemas(cls: type[BaseSettings]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = cls.model_json_schema().get("properties", {})
    return properties


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    if field.default_factory is not None:
        return "(see meaning)"
    return "(secret)" if _is_confidential(field) else str(field.default)


def _is_confidential(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or any(isinstance(mark, Confidential) for mark in field.metadata)


def _complaint(cls: type[BaseSettings], place: tuple[int | str, ...], message: str, kind: str) -> str:
    name = str(place[0]) if place else ""
    field = cls.model_fields.get(name)
    if field is None:
        return f"  {message}"
    right = f"right is: {expected(field, _schemas(cls).get(name, {}))}. {field.description or ''}".rstrip()
    if kind == "missing":
        return f"  {variable(name)} is not set; {right}"
    given = os.environ.get(variable(name), "")
    shown = "its value (not shown)" if _is_confidential(field) else repr(given[:200])
    return f"  {variable(name)}: {shown} is wrong; {right}"
