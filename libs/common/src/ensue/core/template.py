"""Templates in actions: `{{ event.data.variant_id }}`, filled in from a firing. No logic, no functions, no defaults.

A text that is one placeholder and nothing else takes the value with its type; elsewhere a value becomes text (JSON,
texts without quotes). Called by the action kinds when they plan, and by the parser of documents to check placeholders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ensue.core.errors import EnsueError
from ensue.core.firing import Firing
from ensue.core.instants import text_of
from ensue.core.json import Json

MAX_OUTPUT_BYTES: Final = 256 * 1024
SCOPE: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("id", "type", "source", "subject", "time", "data", "entity_type", "event_uid", "correlation_id", "depth"),
    "trigger": ("id", "name", "revision"),
    "firing": ("id",),
}
_DATA: Final = ["event", "data"]  # what is inside is the event's own

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


class TemplateError(EnsueError):
    """A template cannot be filled in.

    path: the placeholder's path, empty where the fault is not one placeholder's.
    pointer: JSON pointer of the text within the template.
    """

    def __init__(self, message: str, *, path: str, pointer: str) -> None:
        super().__init__(message)
        self.path = path
        self.pointer = pointer


def render(template: Json, scope: Mapping[str, Json]) -> Json:
    """`template` with every placeholder filled in; TemplateError if a value is missing or the result too large."""
    return _Rendering(scope).render(template, "")


def scope_of(firing: Firing, trigger_name: str) -> Mapping[str, Json]:
    """What templates of a firing's actions may name."""
    event = firing.event
    return {
        "event": {
            "id": event.id,
            "type": event.type,
            "source": event.source,
            "subject": event.subject,
            "time": None if event.time is None else text_of(event.time),
            "data": event.data,
            "entity_type": event.entity_type,
            "event_uid": str(event.event_uid),
            "correlation_id": str(event.lineage.correlation_id),
            "depth": event.lineage.depth,
        },
        "trigger": {"id": str(firing.trigger_id), "name": trigger_name, "revision": firing.revision},
        "firing": {"id": str(firing.firing_id)},
    }


def check(template: Json, pointer: str = "") -> Iterator[TemplateError]:
    """Everything that is wrong with a template whatever the event: malformed placeholders and unknown roots."""
    if isinstance(template, str):
        yield from _check_text(template, pointer)
    elif isinstance(template, Mapping):
        for key, value in template.items():
            yield from check(value, f"{pointer}/{_escape(key)}")
    elif isinstance(template, (list, tuple)):
        for index, value in enumerate(template):
            yield from check(value, f"{pointer}/{index}")


def _check_text(text: str, pointer: str) -> Iterator[TemplateError]:
    for path in _PLACEHOLDER.findall(text):
        fault = _path_fault(path.split("."))
        if fault is not None:
            yield TemplateError(f"{{{{ {path} }}}} names nothing: {fault}", path=path, pointer=pointer)
    if "{{" in _PLACEHOLDER.sub("", text):
        yield TemplateError("a placeholder is written {{ event.data.name }}", path="", pointer=pointer)


def _path_fault(names: Sequence[str]) -> str | None:
    """Why no firing could ever have something at a path; None where one could."""
    root, *inner = names
    if root not in SCOPE or not all(names):
        return f"a path begins with {', '.join(SCOPE)}"
    if inner and inner[0] not in SCOPE[root]:
        return f"{root} has {', '.join(SCOPE[root])}"
    if len(inner) > 1 and names[:2] != _DATA:
        return f"nothing is inside {root}.{inner[0]}"
    return None


class _Rendering:
    """One run of `render`, with what is left of the output's size.

    The size is counted as it grows, so that a small template cannot multiply a large event into memory.
    """

    def __init__(self, scope: Mapping[str, Json]) -> None:
        self._scope = scope
        self._left = MAX_OUTPUT_BYTES

    def render(self, template: Json, pointer: str) -> Json:
        if isinstance(template, str):
            return self._text(template, pointer)
        if isinstance(template, Mapping):
            for key in template:
                self._spend(len(key), pointer)
            return {key: self.render(value, f"{pointer}/{_escape(key)}") for key, value in template.items()}
        if isinstance(template, (list, tuple)):
            return [self.render(value, f"{pointer}/{index}") for index, value in enumerate(template)]
        self._spend(len(json.dumps(template)), pointer)
        return template

    def _text(self, template: str, pointer: str) -> Json:
        whole = _PLACEHOLDER.fullmatch(template)
        if whole:
            value = self._look_up(whole[1], pointer)
            self._spend(len(_json_text(value).encode()), pointer)
            return value
        self._spend(len(template.encode()), pointer)
        return _PLACEHOLDER.sub(lambda found: self._substitute(found[1], pointer), template)

    def _substitute(self, path: str, pointer: str) -> str:
        value = self._look_up(path, pointer)
        text = value if isinstance(value, str) else _json_text(value)
        self._spend(len(text.encode()), pointer)
        return text

    def _look_up(self, path: str, pointer: str) -> Json:
        value: Json = self._scope
        for name in path.split("."):
            if isinstance(value, Mapping) and name in value:
                value = value[name]
            elif isinstance(value, (list, tuple)) and _is_index(name) and int(name) < len(value):
                value = value[int(name)]
            else:
                raise TemplateError(f"{{{{ {path} }}}} is not there: no {name!r}", path=path, pointer=pointer)
        return value

    def _spend(self, size: int, pointer: str) -> None:
        self._left -= size
        if self._left < 0:
            raise TemplateError(f"the result is larger than {MAX_OUTPUT_BYTES} bytes", path="", pointer=pointer)


def _json_text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 10


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
