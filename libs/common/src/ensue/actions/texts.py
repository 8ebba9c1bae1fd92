"""Values as text, for the action kinds: what a template gave where text is needed, details that fit a database."""

from __future__ import annotations

from ensue.core.json import Json
from ensue.wire import strict_json

MAX_DETAIL = 1024


def json_text(value: Json) -> str:
    """Compact JSON; whole numbers of any size exactly."""
    return strict_json.encode(value).decode()


def plain_text(value: Json) -> str:
    """A text as it is, everything else as JSON: what templates do within a text."""
    return value if isinstance(value, str) else json_text(value)


def clipped(text: str, size: int = MAX_DETAIL) -> str:
    """At most `size` bytes of text that any database takes: no NUL, nothing that is not a character."""
    plain = text.replace("\x00", "\ufffd").encode("utf-8", "replace")
    return plain[:size].decode("utf-8", "ignore")
