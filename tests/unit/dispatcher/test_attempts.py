"""One attempt: prepare, call, settle."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from tests.support.receiver import SECRET
from tests.unit.dispatcher.builders import NOW, a_claim

from dispatcher.attempts import Attempts
from dispatcher.settling import Settlement
from dispatcher.states import Finished
from ensue.actions.kind import Answer, CallContext, Failed, Fault, Ports, Post, Refused, Result, Succeeded
from ensue.actions.signing import WebhookSigner
from ensue.core.outcome import Reason
from ensue.runtime.metrics import Metrics
from ensue.testing.clock import FrozenClock
from ensue.wire.cloudevents import decode_record
from ensue.wire.topics import Topic

WEBHOOK = '{"url":"https://example.com/","headers":{},"body":"{}"}'


@dataclass
class Http:
    """Answers, hangs or breaks."""

    how: str = "answers"
    posts: list[Post] = field(default_factory=list)

    async def post(self, tenant: str, post: Post, within: timedelta) -> Answer:
        del tenant, within
        self.posts.append(post)
        if self.how == "hangs":
            await asyncio.Event().wait()
        if self.how == "breaks":
            raise RuntimeError("the body of a customer")
        return Answer(200, {}, b"")


@dataclass
class Journal:
    """Keeps the calls."""

    calls: list[CallContext] = field(default_factory=list)

    def write(self, message: str, call: CallContext) -> None:
        del message
        self.calls.append(call)


async def attempted(http: Http | None = None, journal: Journal | None = None, **claim: object) -> Settlement:
    ports = Ports(http or Http(), WebhookSigner(SECRET), journal or Journal())
    attempts = Attempts(ports, FrozenClock(NOW), Metrics(), lambda: 0.25)
    return await attempts.make(a_claim(1, **claim))


def result_of(settlement: Settlement) -> Result:
    assert isinstance(settlement.happening, Finished)
    return settlement.happening.result


async def test_the_context_of_a_call_is_one_deeper() -> None:
    journal = Journal()
    settlement = await attempted(journal=journal)
    [call] = journal.calls
    assert (call.lineage.depth, call.lineage.causation_id, call.now) == (3, UUID(int=1), NOW)
    assert settlement.happening == Finished(UUID(int=1), 1, Succeeded(), 0.25)


async def test_a_flaw_is_refused_before_any_call() -> None:
    http = Http()
    settlement = await attempted(http, kind="webhook", request=None, flaw="actions.0: {{ event.x }} is not there")
    assert result_of(settlement) == Refused(Reason.TEMPLATE, "actions.0: {{ event.x }} is not there")
    assert http.posts == []


async def test_a_kind_that_this_version_does_not_know_is_refused() -> None:
    assert isinstance(result_of(await attempted(kind="teleport")), Refused)


async def test_a_call_past_its_deadline_is_a_timeout() -> None:
    timeout = timedelta(milliseconds=10)
    result = result_of(await attempted(Http("hangs"), kind="webhook", request=WEBHOOK, timeout=timeout))
    assert result == Failed(Fault.TIMEOUT, "not done within 0.01 s")


async def test_a_defect_of_a_kind_harms_its_own_action_and_its_row_tells_no_data() -> None:
    result = result_of(await attempted(Http("breaks"), kind="webhook", request=WEBHOOK))
    assert result == Failed(Fault.DEFECT, "RuntimeError")


async def test_an_emitted_event_becomes_a_record_with_its_numbers_exact() -> None:
    request = f'{{"type":"scenes.requested","subject":null,"data":{{"n":{2**80}}}}}'
    settlement = await attempted(kind="emit_event", request=request)
    assert settlement.emission is not None
    record = settlement.emission.record
    assert record.topic is Topic.SYSTEM
    event = decode_record(record.headers, record.value, trusted=True, default_tenant="default")
    assert event.data == {"n": 2**80}
    assert (event.event_uid, event.id) == (settlement.emission.event_uid, str(UUID(int=1)))


@pytest.mark.parametrize(
    ("request_text", "reason"),
    [
        ('{"type":"a.b","subject":null,"data":"' + "x" * 300_000 + '"}', Reason.TOO_LARGE),
        ('{"type":"a.b","subject":"a\\u0000b","data":null}', Reason.TEMPLATE),
    ],
)
async def test_an_event_that_cannot_be_published_is_refused(request_text: str, reason: Reason) -> None:
    settlement = await attempted(kind="emit_event", request=request_text)
    result = result_of(settlement)
    assert isinstance(result, Refused)
    assert (result.reason, settlement.emission) == (reason, None)
