"""How values are worded in sentences. Used by the operators' English, by `english` and by `explain`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ensue.core.json import Json

_MOST: Final = 200
_LISTED: Final = 10


class Phrase(str):
    """A text that is shown as it is, such as "the value of b"."""

    __slots__ = ()


def shown(value: Json) -> str:
    """A value as a sentence shows it: JSON on one line, long ones cut."""
    if isinstance(value, Phrase):
        return str(value)
    text = _json(value)
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."


def one_of(values: Json) -> str:
    """A list as alternatives: "a", "b" or "c"."""
    if not isinstance(values, (list, tuple)):
        return shown(values)
    words = [shown(value) for value in values[:_LISTED]]
    if len(values) > _LISTED:
        words.append(f"{len(values) - _LISTED} more")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _json(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(name))}: {_json(member)}" for name, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_json(element) for element in value) + "]"
    return _number(value)


def _number(value: object) -> str:
    # Python refuses to write integers of thousands of digits in decimal; nobody reads them either.
    if isinstance(value, int) and value.bit_length() > 8 * _MOST:
        return hex(value)
    return repr(value)


def _quoted(text: str) -> str:
    cut = text if len(text) <= _MOST else f"{text[:_MOST]}..."
    escaped = cut.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
