"""Taking events in: place them in their chains, publish them, answer when Kafka has them. Called by `routes`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ensue.core.errors import Unavailable
from ensue.core.event import Event
from ensue.runtime.publishing import Unpublishable
from ensue.wire.cloudevents import encode_event
from ensue.wire.documents import Fault
from ensue.wire.topics import OutgoingRecord, Topic
from trigger_api.events.models import AcceptedEvent, AcceptedEvents
from trigger_api.events.queries import causes
from trigger_api.events.rules import named_causes, placed
from trigger_api.ports import Ports
from trigger_api.problems import TOO_LARGE, Problem, unavailable


async def accept_events(ports: Ports, tenant: str, events: tuple[Event, ...]) -> AcceptedEvents:
    """Publish all; 503 where that cannot be said. Repeating is safe: an event's identity is its source and id."""
    known = await causes(ports.database, tenant, named_causes(events))
    ready = [placed(event, known) for event in events]
    records = [encode_event(event, Topic.EVENTS) for event in ready]
    await _publish(ports, records)
    return AcceptedEvents(events=[_accepted(event) for event in ready])


async def _publish(ports: Ports, records: Sequence[OutgoingRecord]) -> None:
    try:
        async with asyncio.timeout(ports.publish_seconds):
            await ports.publisher.publish(records)
    except Unpublishable as error:
        place = next((f"/{index}" for index, record in enumerate(records) if record is error.record), "")
        fault = Fault(place, "is too large for the topic", "an event of at most 1 MiB with its attributes")
        raise Problem(TOO_LARGE, "An event is too large.", faults=[fault]) from None
    except (Unavailable, TimeoutError):
        detail = "Kafka did not confirm the events, some may have arrived: repeat the request with the same ids."
        raise unavailable(detail) from None


def _accepted(event: Event) -> AcceptedEvent:
    return AcceptedEvent(
        id=event.id,
        event_uid=event.event_uid,
        correlation_id=event.lineage.correlation_id,
        depth=event.lineage.depth,
    )
