"""What the evaluator is told at its start. Read by `evaluator.__main__`, passed down from there."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ensue.runtime.settings import Seconds, ServiceSettings


class EvaluatorSettings(ServiceSettings):
    """The common settings, and the evaluator's own."""

    service: ClassVar[str] = "evaluator"

    reconcile_seconds: Seconds = Field(
        default=300.0, description="How often the ruleset is compared with the database, which is the truth."
    )
