"""Sample events: what people keep in files and write in tests, an event with whatever attributes matter to them.

Read by the tools and by `ensue.testing.match`. Laxer than what comes over Kafka or HTTP: every attribute may be left
out. A file is JSON lines, one JSON document, or YAML; of each event its bytes are kept, which is least.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ensue.core.errors import EnsueError
from ensue.core.event import DEFAULT_TENANT, Event
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire import strict_json
from ensue.wire.attributes import entity_type_of
from ensue.wire.document_files import BYTE_ORDER_MARK, iter_documents, read_line
from ensue.wire.errors import DecodeError
from ensue.wire.fault_lines import worded_faults, worded_syntax
from ensue.wire.faults import MAX_FAULTS, DocumentInvalid, Fault, Faults
from ensue.wire.instants import utc
from ensue.wire.json_places import Located
from ensue.wire.sections import refuse_unstorable
from ensue.wire.source_document import FileInvalid, SourceDocument

YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_FIRST_LINE: Final = re.compile(rb"\s*([^\n]*)(?:\n\s*(\S))?")
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])  # for what `strict_json` has decoded once
_TEXTS: Final = ("id", "source", "type", "subject", "time", "entitytype", "entity_type", "tenant")


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """One event of a file: its bytes, a JSON object."""

    raw: bytes

    @property
    def document(self) -> Mapping[str, Json]:
        """What the bytes denote, decoded anew each time."""
        return _DECODER.decode(self.raw)


class EventsInvalid(EnsueError):
    """An event file is wrong; `lines` say where and why, `file:line:column: pointer message`."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def event_of(document: Json) -> Event:
    """The event that a document describes, attributes that are left out filled in; DocumentInvalid if it is none."""
    faults = Faults()
    texts, time = _attributes(document, faults)
    faults.raise_any()
    tenant, source, event_id = texts.get("tenant", DEFAULT_TENANT), texts.get("source", "/"), texts.get("id", "")
    uid = event_uid(tenant, source, event_id)
    return Event(
        event_uid=uid,
        tenant=tenant,
        id=event_id,
        source=source,
        type=texts.get("type", ""),
        lineage=Lineage(uid),
        subject=texts.get("subject"),
        time=time,
        entity_type=texts.get("entitytype") or texts.get("entity_type") or entity_type_of(texts.get("type", "")),
        data=document.get("data") if isinstance(document, Mapping) else None,
    )


def read_events(path: Path, content: bytes, *, attributes: bool = True) -> list[SampleEvent]:
    """The events in a file's content; EventsInvalid has what is wrong with them, up to a hundred faults.

    attributes: whether what an Ensue event has (type, time ...) must be right; it need not for who matches bytes alone.
    """
    wrong: list[str] = []
    events: list[SampleEvent] = []
    for raw, source in _sources(path, content.removeprefix(BYTE_ORDER_MARK)):
        wrong += worded_syntax(path, source)
        if source.value is None and source.faults:
            continue
        wrong += worded_faults(path, source, _faults(source.value, attributes=attributes, decoded=raw is not None))
        if not wrong:
            events.append(SampleEvent(strict_json.encode(source.value) if raw is None else raw))
        if len(wrong) >= MAX_FAULTS:
            break
    if wrong:
        raise EventsInvalid(wrong)
    return events


def _sources(path: Path, content: bytes) -> Iterator[tuple[bytes | None, SourceDocument]]:
    """Every event, with its bytes where it has a line of its own; what is wrong with the file is a fault of one."""
    is_yaml = path.suffix.lower() in YAML_SUFFIXES
    if not is_yaml and not _is_one_document(content):
        yield from _lines(content)
        return
    try:
        yield from ((None, document) for document in iter_documents(content, is_json=not is_yaml))
    except FileInvalid as invalid:
        yield None, SourceDocument(None, {}, (invalid.fault,))


def _lines(content: bytes) -> Iterator[tuple[bytes | None, SourceDocument]]:
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield line, SourceDocument(strict_json.decode(line), Located(line.decode(), number))
        except DecodeError:
            yield None, read_line(line, number)


def _is_one_document(content: bytes) -> bool:
    """Whether JSON spreads over lines: it is a list, or its first line is no document and the second begins none."""
    found = _FIRST_LINE.match(content)
    first, second = (found[1], found[2]) if found else (b"", None)
    if first.startswith(b"["):
        return True
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return second is not None and second != b"{"
    return False


def _faults(document: Json, *, attributes: bool, decoded: bool) -> Sequence[Fault]:
    """What makes a document no event; one that `strict_json` has decoded is JSON, one in YAML may be more."""
    if not isinstance(document, Mapping):
        return [Fault("", "is not an event", "an object: type, source, subject, data ...")]
    faults = Faults()
    if not decoded:
        refuse_unstorable(document, faults)
    if attributes:
        _attributes(document, faults)
    try:
        faults.raise_any()
    except DocumentInvalid as invalid:
        return invalid.faults
    return ()


def _attributes(document: Json, faults: Faults) -> tuple[dict[str, str], datetime | None]:
    """The attributes that are texts, and the instant."""
    if not isinstance(document, Mapping):
        faults.add("", "is not an object", "an event: type, source, subject, data ...")
        return {}, None
    for name in _TEXTS:
        if document.get(name) is not None and not isinstance(document[name], str):
            faults.add(f"/{name}", "is not a text", "a text")
    texts = {name: value for name in _TEXTS if isinstance(value := document.get(name), str)}
    return texts, _instant(texts.get("time"), faults)


def _instant(text: str | None, faults: Faults) -> datetime | None:
    if text is None:
        return None
    try:
        return utc(datetime.fromisoformat(text))
    except Exception:  # noqa: BLE001  # ValueError, OverflowError or InvalidValue: in each case it is no instant
        faults.add("/time", "is not an instant", "such as 2026-01-01T09:00:00Z")
        return None
