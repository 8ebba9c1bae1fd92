"""One attempt in typed stages: prepare -> call -> settle. Only the middle one touches the outside world.

Called by the executor for each claim, after the attempt's row is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from dispatcher.claims import Claim
from dispatcher.settling import Emission, Settlement
from dispatcher.states import Finished
from ensue.actions.kind import ActionKind, CallContext, Failed, Fault, Ports, Refused, Request, Result, Succeeded
from ensue.actions.registry import KINDS
from ensue.actions.texts import clipped
from ensue.core.errors import InvalidValue
from ensue.core.lineage import Lineage
from ensue.core.outcome import Reason
from ensue.runtime.clock import Clock
from ensue.runtime.logs import get_logger
from ensue.runtime.metrics import FIRING_TO_ATTEMPT_SECONDS, WEBHOOK_SECONDS, Metrics
from ensue.wire.cloudevents import encode_event
from ensue.wire.errors import EventTooLarge
from ensue.wire.topics import Topic

log = get_logger(__name__)
_REQUESTS = msgspec.json.Decoder(dict[str, Any])  # numbers of any size exactly


@dataclass(frozen=True, slots=True)
class Prepared:
    """An attempt that can be made."""

    kind: ActionKind[Any]
    request: Request
    call: CallContext


class Attempts:
    """Makes attempts. `chance` gives numbers in [0, 1) that spread retries."""

    def __init__(self, ports: Ports, clock: Clock, metrics: Metrics, chance: Callable[[], float]) -> None:
        self._ports = ports
        self._clock = clock
        self._metrics = metrics
        self._chance = chance

    async def make(self, claim: Claim) -> Settlement:
        """Try once; the result is to be settled, whatever it is."""
        prepared = self._prepare(claim)
        result = await self._call(prepared) if isinstance(prepared, Prepared) else prepared
        return settled(claim, result, self._chance())

    def _prepare(self, claim: Claim) -> Prepared | Refused:
        now = self._clock.now()
        if claim.attempt == 1:
            self._metrics.observe(FIRING_TO_ATTEMPT_SECONDS, max(0.0, (now - claim.observed_at).total_seconds()))
        if claim.request is None:
            return Refused(Reason.TEMPLATE, claim.flaw or "there is nothing to call")
        kind = KINDS.get(claim.kind)
        if kind is None:
            return Refused(Reason.REFUSED, f"this version knows no action of kind {claim.kind}")
        call = CallContext(
            action_id=claim.action_id,
            firing_id=claim.firing_id,
            trigger_id=claim.trigger_id,
            tenant=claim.tenant,
            lineage=Lineage(claim.correlation_id, depth=claim.depth).after(claim.action_id),
            attempt=claim.attempt,
            now=now,
            timeout=claim.timeout,
        )
        return Prepared(kind, _REQUESTS.decode(claim.request), call)

    async def _call(self, prepared: Prepared) -> Result:
        began = self._clock.monotonic()
        result = await self._within_deadline(prepared)
        if prepared.kind.name == "webhook":
            seconds = self._clock.monotonic() - began
            self._metrics.observe(WEBHOOK_SECONDS, seconds, result=type(result).__name__.lower())
        return result

    async def _within_deadline(self, prepared: Prepared) -> Result:
        call = prepared.call
        try:
            async with asyncio.timeout(call.timeout.total_seconds()) as deadline:
                return await prepared.kind.perform(prepared.request, call, self._ports)
        except Exception as error:  # a defect of one kind harms its own action only: logged in full, and tried again
            if deadline.expired():
                return Failed(Fault.TIMEOUT, f"not done within {call.timeout.total_seconds():g} s")
            log.exception("attempt_broke", kind=prepared.kind.name, action_id=str(call.action_id), tenant=call.tenant)
            return Failed(Fault.DEFECT, type(error).__name__)


def settled(claim: Claim, result: Result, chance: float) -> Settlement:
    """What is to be written: an event that cannot be published turns the success into a refusal."""
    emission = None
    if isinstance(result, Succeeded) and result.emits is not None:
        event = result.emits
        try:
            emission = Emission(event.event_uid, encode_event(event, Topic.SYSTEM))
        except EventTooLarge as error:
            result = Refused(Reason.TOO_LARGE, clipped(str(error)))
        except InvalidValue as error:
            result = Refused(Reason.TEMPLATE, clipped(str(error)))
        else:
            result = replace(result, emits=None)
    happening = Finished(claim.action_id, claim.fence, result, chance)
    return Settlement(claim.firing_id, claim.kind, happening, emission)
