"""The small world of the tests of actions: one firing of one trigger in a studio."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.support.receiver import SECRET

from ensue.actions.kind import Answer, CallContext, Ports, Post
from ensue.actions.signing import WebhookSigner
from ensue.core.event import Event
from ensue.core.firing import Firing
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.core.template import scope_of

NOW = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
ACTION, FIRING, TRIGGER, ROOT = UUID(int=0xA), UUID(int=0xF), UUID(int=0x7), UUID(int=0xE)
EVENT = Event(
    event_uid=ROOT,
    tenant="studio",
    id="e-1",
    source="/studio",
    type="variant.approved",
    lineage=Lineage(ROOT, depth=2),
    subject="variant-7",
    time=NOW,
    entity_type="variant",
    data={"variant_id": 7, "path": "a/b c?&#", "up": "..", "tags": ["x"], "name": "Ümläut\r\nX: 1", "huge": 2**80},
)
FIRED = Firing(FIRING, "studio", TRIGGER, 3, ROOT, EVENT, NOW)
SCOPE = scope_of(FIRED, "Generate scenes")
CALL = CallContext(
    action_id=ACTION,
    firing_id=FIRING,
    trigger_id=TRIGGER,
    tenant="studio",
    lineage=EVENT.lineage.after(ACTION),
    attempt=1,
    now=NOW,
    timeout=timedelta(seconds=15),
)


@dataclass
class ScriptedHttp:
    """The double of the way out: keeps what is posted, answers what it was given."""

    answer: Answer | Exception = field(default_factory=lambda: Answer(200, {}, b""))
    posts: list[tuple[str, Post, timedelta]] = field(default_factory=list)

    async def post(self, tenant: str, post: Post, within: timedelta) -> Answer:
        self.posts.append((tenant, post, within))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Lines:
    """The double of the journal."""

    lines: list[str] = field(default_factory=list)

    def write(self, message: str, call: CallContext) -> None:
        self.lines.append(f"{call.tenant}: {message}")


def ports(http: ScriptedHttp | None = None, journal: Lines | None = None) -> Ports:
    return Ports(http or ScriptedHttp(), WebhookSigner(SECRET), journal or Lines())


def field_of(value: Json, *path: str) -> Json:
    """A value within a request."""
    for name in path:
        assert isinstance(value, dict)
        value = value[name]
    return value
