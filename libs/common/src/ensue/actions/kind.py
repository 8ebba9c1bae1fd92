"""What an action kind is, what it may answer, and what it is given. Implemented once a file in `ensue.actions.kinds`.

The dispatcher calls `plan` when it takes a firing in (pure; the request is frozen then) and `perform` at each attempt.
Secrets are in `Ports` alone: they never enter a request, a result or a log line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel

from ensue.core.event import Event
from ensue.core.json import Json, JsonObject
from ensue.core.lineage import Lineage
from ensue.core.outcome import Reason

DEFAULT_TIMEOUT = timedelta(seconds=15)

Request: TypeAlias = JsonObject
Scope: TypeAlias = Mapping[str, Json]


class Fault(StrEnum):
    """Why an attempt failed in a way that may pass."""

    TIMEOUT = "timeout"
    NETWORK = "network"
    STATUS = "status"
    DEFECT = "defect"  # our own error, logged in full: it harms its own action only


@dataclass(frozen=True, slots=True)
class Succeeded:
    """It is done. `reference` is the outside party's id where it gave one; `emits` the event that goes out with it."""

    reference: str | None = None
    detail: str | None = None
    emits: Event | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It is not done and may be tried again; `retry_after` where the other side asked for patience."""

    reason: Fault
    detail: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not done and repeating cannot mend it."""

    reason: Reason
    detail: str


Result: TypeAlias = Succeeded | Failed | Refused


@dataclass(frozen=True, slots=True)
class CallContext:
    """Whose attempt this is.

    lineage: of whatever goes out: already one deeper than the firing, its cause being this action.
    now: the instant at which the attempt begins, aware UTC.
    timeout: the deadline of the whole attempt, shorter than its lease.
    """

    action_id: UUID
    firing_id: UUID
    trigger_id: UUID
    tenant: str
    lineage: Lineage
    attempt: int
    now: datetime
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Post:
    """An HTTP POST that is ready to go: absolute URL, headers, body."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with lower-case names, the body's first bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """Sends one POST and never follows a redirect.

    Raises ForbiddenAddress when the name resolves to where we must not go, CallFailed when no answer came.
    """

    async def post(self, tenant: str, post: Post, within: timedelta) -> Answer: ...


class Signer(Protocol):
    """Signs a body as Standard Webhooks ask; gives the value of `webhook-signature`."""

    def sign(self, message_id: str, at: datetime, body: bytes) -> str: ...


class Journal(Protocol):
    """Writes one structured line."""

    def write(self, message: str, call: CallContext) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world of `perform`."""

    http: Http
    signer: Signer
    journal: Journal


P = TypeVar("P", bound=BaseModel)


class ActionKind(ABC, Generic[P]):
    """A kind of action. `name` is what documents call it, `params` how its parameters are written."""

    name: ClassVar[str]
    params: type[P]

    @abstractmethod
    def english(self, params: P) -> str:
        """What the action does, as the predicate of a sentence: "posts to https://..."."""

    @abstractmethod
    def plan(self, params: P, scope: Scope) -> Request:
        """Fill the templates. Pure. Raises TemplateError or InvalidValue: the action then fails before any call."""

    @abstractmethod
    async def perform(self, request: Request, call: CallContext, ports: Ports) -> Result:
        """Do it once."""

    def target(self, request: Request) -> str:
        """What may be slow without our doing (a host); attempts at one target share a limit. Empty: only ourselves."""
        del request
        return ""
