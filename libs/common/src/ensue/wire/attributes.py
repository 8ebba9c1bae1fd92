"""From CloudEvents attributes, as text, to an Event: one strict reading for every mode, on topics and over HTTP.

Called by `cloudevents` (which raises for the first problem) and `http_events` (which reports them all).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from ensue.core.event import Event, FiringMode
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire.errors import DecodeReason
from ensue.wire.headers import SYSTEM_SOURCE_PREFIX

MAX_ATTRIBUTE_BYTES: Final = 2048  # an index row of PostgreSQL takes 2,704
HIGHEST_DEPTH: Final = 2**31 - 1
TENANT_SYNTAX: Final = "lower-case letters, digits, '.', '_' and '-', at most 63, a letter or digit first"
DEPTH_SYNTAX: Final = f"a whole number from 0 to {HIGHEST_DEPTH}"

SYSTEM_ONLY: Final = frozenset({"replayno", "targets", "mode"})
NAMED: Final = SYSTEM_ONLY | {
    "specversion", "id", "source", "type", "subject", "time", "dataschema",
    "entitytype", "tenant", "correlationid", "causationid", "chaindepth",
}  # fmt: skip
_RESERVED: Final = frozenset({"data", "datacontenttype"})

_OUR_SCHEME: Final = SYSTEM_SOURCE_PREFIX.rstrip("/")
_NAME = re.compile(r"[a-z0-9]+")
_TENANT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an event. `attribute` is empty where it is the whole event; `message` continues it."""

    reason: DecodeReason
    attribute: str
    message: str
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Where an event comes in.

    trusted: from our own topic; only there replays and `ensue://` sources are believed.
    tenant: that of an event which names none.
    one_tenant: an event may name no other tenant (the tenant is the API key's).
    """

    trusted: bool
    tenant: str
    one_tenant: bool = False


def is_tenant(text: str) -> bool:
    """Whether this is well-formed as a tenant."""
    return _TENANT.fullmatch(text) is not None


def parse_depth(text: str) -> int | None:
    """A chain depth; None where it is not a non-negative whole number of sensible size."""
    depth = int(text) if _NUMBER.fullmatch(text) else -1
    return depth if 0 <= depth <= HIGHEST_DEPTH else None


def read_event(attributes: Mapping[str, str], data: Json, intake: Intake, problems: list[Problem]) -> Event | None:
    """The event; None, and why in `problems`, where the attributes do not make one."""
    before = len(problems)
    reading = _Reading(attributes, problems)
    reading.check_texts()
    reading.check_allowed(intake)
    fields = reading.core_fields()
    tenant = reading.tenant(intake)
    depth, replay_no = reading.number("chaindepth", DecodeReason.INVALID_DEPTH), reading.number("replayno")
    correlation_id, causation_id = reading.uuid("correlationid"), reading.uuid("causationid")
    time, targets, mode = reading.time(), reading.targets(), reading.mode()
    if len(problems) > before:
        return None
    event_id, source, event_type = fields
    uid = event_uid(tenant, source, event_id)
    return Event(
        event_uid=uid,
        tenant=tenant,
        id=event_id,
        source=source,
        type=event_type,
        lineage=Lineage(correlation_id or uid, causation_id, depth),
        subject=attributes.get("subject"),
        time=time,
        entity_type=attributes.get("entitytype") or entity_type_of(event_type),
        data=data,
        dataschema=attributes.get("dataschema"),
        extensions={name: text for name, text in attributes.items() if name not in NAMED},
        replay_no=replay_no,
        targets=targets,
        mode=mode,
    )


def is_ours(source: str) -> bool:
    """Whether a source claims to be one of our own services."""
    return source.lstrip().lower().startswith(_OUR_SCHEME)


def instant_of(text: str) -> datetime | None:
    """The instant that a text names in RFC 3339, in UTC; None where it names none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def entity_type_of(event_type: str) -> str | None:
    """What an event is about where it does not say so: the part of its type before the first dot."""
    entity, dot, _ = event_type.partition(".")
    return entity if dot and entity else None


def text_fault(value: str) -> str | None:
    """What makes a text unfit as the value of an attribute; None where nothing does."""
    if not value:
        return "is empty"
    if len(value) > MAX_ATTRIBUTE_BYTES or len(value.encode(errors="replace")) > MAX_ATTRIBUTE_BYTES:
        return f"is longer than {MAX_ATTRIBUTE_BYTES} bytes"
    return "has control characters" if has_control_characters(value) else None


def has_control_characters(value: str) -> bool:
    """Whether a text holds what CloudEvents forbids: control characters, non-characters, halves of surrogate pairs."""
    return not value.isprintable() and _CONTROL.search(value) is not None


class _Reading:
    """One reading of one event's attributes; each method reports what it finds wrong and goes on."""

    __slots__ = ("_attributes", "_problems")

    def __init__(self, attributes: Mapping[str, str], problems: list[Problem]) -> None:
        self._attributes = attributes
        self._problems = problems

    def check_texts(self) -> None:
        everything = "".join(self._attributes.values())
        plain = len(everything) <= MAX_ATTRIBUTE_BYTES and everything.isascii() and everything.isprintable()
        if not (plain and all(self._attributes.values())):
            for name, value in self._attributes.items():
                self._check_text(name, value)
        for name in self._attributes.keys() - NAMED:
            if name in _RESERVED or not _NAME.fullmatch(name):
                self._invalid(name[:100], "is not the name of an attribute", "lower-case letters and digits")

    def _check_text(self, name: str, value: str) -> None:
        fault = text_fault(value)
        if fault is None or name in ("chaindepth", "tenant"):  # these say more exactly what would be right
            return
        too_large = len(value) > MAX_ATTRIBUTE_BYTES or len(value.encode(errors="replace")) > MAX_ATTRIBUTE_BYTES
        reason = DecodeReason.TOO_LARGE if too_large else DecodeReason.INVALID_ATTRIBUTE
        self._problems.append(Problem(reason, name, fault))

    def check_allowed(self, intake: Intake) -> None:
        if intake.trusted:
            return
        for name in sorted(SYSTEM_ONLY & self._attributes.keys()):
            self._forbidden(name, "is believed on our own topic only")
        if is_ours(self._attributes.get("source", "")):
            self._forbidden("source", f"begins with {SYSTEM_SOURCE_PREFIX}, as only our own do")

    def core_fields(self) -> tuple[str, str, str]:
        version = self._attributes.get("specversion")
        if version is None:
            self._missing("specversion", "1.0")
        elif version != "1.0":
            self._invalid("specversion", "is not supported", "1.0")
        return self._required("id"), self._required("source"), self._required("type")

    def tenant(self, intake: Intake) -> str:
        tenant = self._attributes.get("tenant", intake.tenant)
        if not is_tenant(tenant):
            self._invalid("tenant", "is not the name of a tenant", TENANT_SYNTAX)
        elif intake.one_tenant and tenant != intake.tenant:
            self._forbidden("tenant", "is not that of the API key", intake.tenant)
        return tenant

    def number(self, name: str, reason: DecodeReason = DecodeReason.INVALID_ATTRIBUTE) -> int:
        text = self._attributes.get(name)
        number = 0 if text is None else parse_depth(text)
        if number is None:
            self._invalid(name, "is not a whole number", DEPTH_SYNTAX, reason)
        return number or 0

    def uuid(self, name: str) -> UUID | None:
        text = self._attributes.get(name)
        if text is None:
            return None
        if not _UUID.fullmatch(text):
            self._invalid(name, "is not a UUID", "a UUID in hexadecimal digits with dashes")
            return None
        return UUID(text)

    def time(self) -> datetime | None:
        text = self._attributes.get("time")
        if text is None:
            return None
        instant = instant_of(text)
        if instant is None:
            self._invalid("time", "is not an instant", "RFC 3339, such as 2026-01-31T09:30:00Z")
        return instant

    def targets(self) -> tuple[UUID, ...]:
        text = self._attributes.get("targets")
        if text is None:
            return ()
        names = text.split(",")
        if not all(_UUID.fullmatch(name) for name in names):
            self._invalid("targets", "does not list triggers", "UUIDs joined by commas")
            return ()
        return tuple(UUID(name) for name in names)

    def mode(self) -> FiringMode:
        try:
            return FiringMode(self._attributes.get("mode", FiringMode.LIVE))
        except ValueError:
            self._invalid("mode", "is unknown", " or ".join(FiringMode))
            return FiringMode.LIVE

    def _required(self, name: str) -> str:
        value = self._attributes.get(name)
        if value is None:
            self._missing(name, "a text")
        return value or ""

    def _missing(self, name: str, expected: str) -> None:
        self._problems.append(Problem(DecodeReason.MISSING_ATTRIBUTE, name, "is missing", expected))

    def _forbidden(self, name: str, message: str, expected: str | None = None) -> None:
        self._problems.append(Problem(DecodeReason.FORBIDDEN_ATTRIBUTE, name, message, expected))

    def _invalid(
        self, name: str, fault: str, expected: str, reason: DecodeReason = DecodeReason.INVALID_ATTRIBUTE
    ) -> None:
        self._problems.append(Problem(reason, name, fault, expected))
