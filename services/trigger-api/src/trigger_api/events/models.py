"""What is answered about events."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field


class AcceptedEvent(BaseModel):
    """An event that Kafka has."""

    id: str = Field(description="As it was sent.")
    event_uid: UUID = Field(description="Its identity everywhere: of the tenant, its source and its id.")
    correlation_id: UUID = Field(description="Its chain; ask for it at /api/v1/chains/{correlation_id}.")
    depth: int = Field(description="Its depth in that chain.")


class AcceptedEvents(BaseModel):
    """The events of a request, in their order."""

    events: list[AcceptedEvent]
