"""How large a record may be, by topic. Called before anything is sent, so that no refusal comes as a surprise.

`deploy/topics.yml` sets the same numbers on the brokers; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ensue.wire.topics import Topic

_MIB = 1024 * 1024

MAX_MESSAGE_BYTES: Final[Mapping[Topic, int]] = MappingProxyType(
    {
        Topic.EVENTS: _MIB,
        Topic.SYSTEM: _MIB,
        Topic.TRIGGERS: _MIB,
        Topic.SIGNALS: _MIB,
        Topic.FIRINGS: 4 * _MIB,
        Topic.OUTCOMES: 4 * _MIB,
        Topic.DEAD: 4 * _MIB,
    }
)
LARGEST_MESSAGE_BYTES: Final = max(MAX_MESSAGE_BYTES.values())
