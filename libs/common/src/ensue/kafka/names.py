"""Logical topic names <-> the names on a cluster. Called by everything in this package that names a topic to Kafka.

A deployment may put a prefix before every name, so that several may share a cluster (and each test has its own).
"""

from __future__ import annotations

import re
from functools import lru_cache

from ensue.core.errors import InvalidValue
from ensue.wire.topics import Topic

_LEGAL_PREFIX = re.compile(r"[a-zA-Z0-9._-]{0,200}")  # Kafka: 249 characters of this alphabet for a whole name


@lru_cache(maxsize=4096)
def physical(topic: Topic, prefix: str) -> str:
    """The name of `topic` on a cluster where this deployment uses `prefix` ("" for none)."""
    return checked_prefix(prefix) + topic.value


@lru_cache(maxsize=4096)
def logical(name: str, prefix: str) -> Topic:
    """The topic that stands behind a name on the cluster. InvalidValue for a name that is none of ours."""
    if name.startswith(prefix):
        try:
            return Topic(name.removeprefix(prefix))
        except ValueError:
            pass
    raise InvalidValue(f"{name!r} is no topic of Ensue under the prefix {prefix!r}")


def checked_prefix(prefix: str) -> str:
    """`prefix` itself, if a topic's name may begin so; else InvalidValue."""
    if not _LEGAL_PREFIX.fullmatch(prefix):
        raise InvalidValue(
            f"topic prefix {prefix!r} must be at most 200 characters, each a letter, a digit, '.', '_' or '-'"
        )
    return prefix
