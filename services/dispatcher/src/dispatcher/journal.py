"""The `Journal` port of the action kind `log`: the dispatcher's own structured log."""

from __future__ import annotations

from ensue.actions.kind import CallContext
from ensue.runtime.logs import get_logger

log = get_logger("dispatcher.actions")


class LogJournal:
    """Writes a line an action, with the ids that lead back to its cause."""

    def write(self, message: str, call: CallContext) -> None:
        """One line."""
        log.info(
            "action_log",
            message=message,
            tenant=call.tenant,
            correlation_id=str(call.lineage.correlation_id),
            trigger_id=str(call.trigger_id),
            firing_id=str(call.firing_id),
            action_id=str(call.action_id),
        )
