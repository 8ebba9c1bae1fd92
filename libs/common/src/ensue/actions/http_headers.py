"""Which headers a trigger may set on a call, and the chain headers of every call. Used by the webhook kind."""

from __future__ import annotations

import re

from ensue.actions.kind import CallContext
from ensue.core.errors import InvalidValue
from ensue.wire import headers as names

MAX_VALUE = 1024
MAX_HEADERS = 32
ALLOWED = frozenset({"accept", "accept-language", "from", "prefer"})
ALLOWED_PREFIX = "x-"
FORBIDDEN_PREFIXES = ("x-forwarded", "x-real-ip", "x-original", "x-rewrite", "x-http-method", "x-method")
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_VALUE = re.compile(r"[\x20-\x7e]*\Z")


def checked_name(name: str) -> str:
    """The name if a trigger may set that header; raises InvalidValue otherwise."""
    lower = name.lower()
    if not _NAME.match(lower):
        raise InvalidValue(f"{name[:100]!r} is not the name of a header")
    free = lower in ALLOWED or (lower.startswith(ALLOWED_PREFIX) and not lower.startswith(FORBIDDEN_PREFIXES))
    if not free:
        raise InvalidValue(f"header {lower} cannot be set; allowed are {', '.join(sorted(ALLOWED))} and x-...")
    return name


def checked_value(name: str, value: str) -> str:
    """The value if it is visible ASCII of at most 1 KiB; raises InvalidValue otherwise."""
    if len(value) > MAX_VALUE or not _VALUE.match(value):
        raise InvalidValue(f"the value of header {name} must be visible ASCII, at most {MAX_VALUE} characters")
    return value


def chain_headers(call: CallContext) -> tuple[tuple[str, str], ...]:
    """The chain as whoever answers must echo it: already one deeper than the firing, caused by this action."""
    return (
        (_http(names.CORRELATION), str(call.lineage.correlation_id)),
        (_http(names.CAUSATION), str(call.action_id)),
        (_http(names.DEPTH), str(call.lineage.depth)),
        (_http(names.TENANT), call.tenant),
    )


def _http(record_header: str) -> str:
    return record_header.replace("_", "-")
