"""The typed registry of header names on topics and in HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
"""Those of a record: in their order, a name perhaps twice, a value perhaps none."""

CONTENT_TYPE: Final = "content-type"
JSON_CONTENT_TYPE: Final = b"application/json"

# CloudEvents attributes that carry the chain and the tenant (DESIGN.md section 2); HTTP spells them with a dash.
CE_PREFIX: Final = "ce_"
CORRELATION: Final = "ce_correlationid"
CAUSATION: Final = "ce_causationid"
DEPTH: Final = "ce_chaindepth"
TENANT: Final = "ce_tenant"
REPLAY_NO: Final = "ce_replayno"
TARGETS: Final = "ce_targets"
MODE: Final = "ce_mode"
SYSTEM_ONLY: Final = frozenset({REPLAY_NO, TARGETS, MODE})
SYSTEM_SOURCE_PREFIX: Final = "ensue://"

# Our own records.
KIND: Final = "ensue-kind"
REVISION: Final = "revision"

# Dead letters: added to the original headers, never appended twice.
DEAD_PREFIX: Final = "ensue-dead-"
DEAD_REASON: Final = "ensue-dead-reason"
DEAD_MESSAGE: Final = "ensue-dead-message"
DEAD_TOPIC: Final = "ensue-dead-topic"
DEAD_PARTITION: Final = "ensue-dead-partition"
DEAD_OFFSET: Final = "ensue-dead-offset"
DEAD_TIMESTAMP: Final = "ensue-dead-timestamp"
DEAD_GROUP: Final = "ensue-dead-group"
