"""What the audit service is told at its start. Read by `audit.__main__`, passed down from there."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ensue.runtime.settings import ServiceSettings


class AuditSettings(ServiceSettings):
    """The common settings, and the audit's own."""

    service: ClassVar[str] = "audit"

    audit_days_ahead: int = Field(
        default=2, ge=0, le=30, description="Days for which the journal's partitions are made in advance."
    )
