"""Sample events: what people keep in files and write in tests, an event with whatever attributes matter to them.

Read by the tools and by `ensue.testing.match`. Laxer than what comes over Kafka or HTTP: every attribute may be left
out. A file is JSON lines, one JSON document, or YAML; of a JSON line the bytes are kept, for who matches bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ensue.core.event import DEFAULT_TENANT, Event
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire import strict_json
from ensue.wire.attributes import entity_type_of
from ensue.wire.document_files import FileInvalid, Place, SyntaxFault, read_documents
from ensue.wire.errors import DecodeError
from ensue.wire.faults import Faults
from ensue.wire.instants import utc

YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_TEXTS: Final = ("id", "source", "type", "subject", "time", "entitytype", "entity_type", "tenant")


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """One event of a file: its bytes (a JSON object), what they denote, and where it stands."""

    raw: bytes
    document: Mapping[str, Json]
    place: Place | None


def event_of(document: Json) -> Event:
    """The event that a document describes, attributes that are left out filled in; DocumentInvalid if it is none."""
    faults = Faults()
    if not isinstance(document, Mapping):
        faults.add("", "is not an object", "an event: type, source, subject, data ...")
        faults.raise_any()
        document = {}
    for name in _TEXTS:
        if document.get(name) is not None and not isinstance(document[name], str):
            faults.add(f"/{name}", "is not a text", "a text")
    texts = {name: value for name in _TEXTS if isinstance(value := document.get(name), str)}
    time = _instant(texts.get("time"), faults)
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
        data=document.get("data"),
    )


def read_events(path: Path, content: bytes) -> Iterator[SampleEvent]:
    """The events in a file's content, one after the other; FileInvalid where it cannot be read."""
    if path.suffix.lower() in YAML_SUFFIXES:
        for document in read_documents(content, is_json=False):
            yield _sample(strict_json.encode(document.value), document.value, document.place_of(""))
    elif _is_one_document(content):
        value = _decoded(content, 1)
        for element in value if isinstance(value, list) else [value]:
            yield _sample(strict_json.encode(element), element, None)
    else:
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield _sample(line, _decoded(line, number), Place(number, 1))


def _is_one_document(content: bytes) -> bool:
    """Whether JSON spreads over lines: its first line is no document of its own, or the whole is one list."""
    first = content.lstrip().split(b"\n", 1)[0]
    if first.startswith(b"["):
        return True
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return bool(first) and b"\n" in content.strip()
    return False


def _decoded(text: bytes, line: int) -> Json:
    try:
        return strict_json.decode(text)
    except DecodeError as error:
        raise FileInvalid(SyntaxFault(f"is not JSON: {error.message}", Place(line, 1))) from None


def _sample(raw: bytes, value: Json, place: Place | None) -> SampleEvent:
    if not isinstance(value, Mapping):
        raise FileInvalid(SyntaxFault("is not an event: an event is an object", place))
    return SampleEvent(raw, value, place)


def _instant(text: str | None, faults: Faults) -> datetime | None:
    if text is None:
        return None
    try:
        return utc(datetime.fromisoformat(text))
    except Exception:  # noqa: BLE001  # ValueError, OverflowError or InvalidValue: in each case it is no instant
        faults.add("/time", "is not an instant", "such as 2026-01-01T09:00:00Z")
        return None
