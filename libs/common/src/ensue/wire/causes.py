"""What a firing's record says of its cause, which is nearly all of its bytes. Written and read by `records` alone.

An opened event is written without being read any further: all but a few of its values are the same for every event of
its habit, and those stand in a frame, into which the others are put as they came. The frame is made by the encoder that
writes every other event, so that there is one format; what is not written by it is proven fit by `habits`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Raw

from ensue.core.event import Event, FiringMode
from ensue.core.firing import Firing
from ensue.core.lineage import Lineage
from ensue.wire.attributes import instant_of
from ensue.wire.habits import Habit, Row, text_of
from ensue.wire.instants import AwareInstant, utc
from ensue.wire.opened import Opened

MOST_FRAMES: Final = 4096
MOST_INSTANTS: Final = 1024

_encode = msgspec.json.Encoder().encode
_QUOTE, _BACKSLASH = b'"\\'
_UID, _DECIDED, _DATA, _ROW = 0, 1, 2, 3  # where these stand, and where a row begins, in the values of a frame
_AFTER_SECONDS: Final = 19  # characters: 2026-01-31T09:30:00
_WITH_MICROSECONDS: Final = 27


class EventMembers(msgspec.Struct):
    """The members of an event, in their order."""

    event_uid: UUID
    tenant: str
    id: str
    source: str
    type: str
    correlation_id: UUID
    causation_id: UUID | None = None
    depth: int = 0
    subject: str | None = None
    time: AwareInstant | None = None
    entity_type: str | None = None
    data: Any = None
    dataschema: str | None = None
    extensions: dict[str, str] = msgspec.field(default_factory=dict)
    replay_no: int = 0
    targets: tuple[UUID, ...] = ()
    mode: FiringMode = FiringMode.LIVE

    def to_event(self) -> Event:
        """The event; InvalidValue or OverflowError where it is none."""
        return Event(
            event_uid=self.event_uid,
            tenant=self.tenant,
            id=self.id,
            source=self.source,
            type=self.type,
            lineage=Lineage(self.correlation_id, self.causation_id, self.depth),
            subject=self.subject,
            time=None if self.time is None else utc(self.time),
            entity_type=self.entity_type,
            data=self.data,
            dataschema=self.dataschema,
            extensions=self.extensions,
            replay_no=self.replay_no,
            targets=self.targets,
            mode=self.mode,
        )


class Caused(msgspec.Struct):
    """The members of a firing's record that its cause decides; they are its last ones."""

    cause: UUID
    observed_at: AwareInstant
    event: EventMembers
    replay_no: int = 0
    mode: FiringMode = FiringMode.LIVE


def caused(firing: Firing) -> bytes:
    """The members of `Caused`, and the brace that ends the record."""
    event, decided = firing.event, _decided(firing.observed_at)
    if type(event) is Opened and firing.cause is event.event_uid:
        habit = event.habit
        if firing.replay_no == habit.replay_no and firing.mode is habit.mode:
            return _frame_of(habit).filled(event.uid_text, decided, _encode(event.data), event.row)
    return caused_plainly(firing)


def caused_plainly(firing: Firing) -> bytes:
    """The same for every firing there is, if it takes longer."""
    event = _members(firing.event.whole())
    return _encode(Caused(firing.cause, utc(firing.observed_at), event, firing.replay_no, firing.mode))[1:]


@lru_cache(MOST_INSTANTS)
def _decided(instant: datetime) -> bytes:
    """In UTC. Many records are appended in one millisecond."""
    return _encode(utc(instant))


def _members(event: Event) -> EventMembers:
    """Without names, which take twice as long: in their order."""
    lineage = event.lineage
    return EventMembers(
        event.event_uid,
        event.tenant,
        event.id,
        event.source,
        event.type,
        lineage.correlation_id,
        lineage.causation_id,
        lineage.depth,
        event.subject,
        None if event.time is None else utc(event.time),
        event.entity_type,
        event.data,
        event.dataschema,
        dict(event.extensions),
        event.replay_no,
        event.targets,
        event.mode,
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """What firings by the events of one habit say alike, as a template, and how the rest of it is found and written.

    order: from all values to those of the template. texts: from a row to those that are texts, as they came.
    text_places, others: the places of these, and of what is neither a text nor in the template as it came.
    """

    template: bytes
    order: Callable[[Sequence[bytes]], tuple[bytes, ...]]
    texts: Callable[[Row], Row]
    text_places: Sequence[int]
    others: Sequence[tuple[int, Callable[[Any], bytes]]]

    def filled(self, uid: bytes, decided: bytes, data: bytes, row: Row) -> bytes:
        values: Sequence[Any] = (uid, decided, data, *row)
        is_plain = _stand_for_themselves(self.texts(row))
        if self.others or not is_plain:
            values = list(values)
            for place in () if is_plain else self.text_places:
                values[place] = _text(values[place])
            for place, write in self.others:
                values[place] = write(values[place])
        return self.template % self.order(values)


@lru_cache(MOST_FRAMES)
def _frame_of(habit: Habit) -> _Frame:
    places = {name: place + _ROW for name, place in habit.layout.attributes.items()}
    varying = {"event_uid": (_UID, _TEXT), "correlation_id": (_UID, _TEXT), "data": (_DATA, _AS_IT_IS)}
    varying |= {member: (places[name], form) for member, (name, form) in _MEMBERS.items() if name in places}
    extensions = {name: places[name] for name in habit.layout.extensions}
    order = [_UID, _DECIDED]
    for member in EventMembers.__struct_fields__:
        order += extensions.values() if member == "extensions" else [varying[member][0]] if member in varying else []
    members: dict[str, Any] = {member: form for member, (_, form) in varying.items()}
    event = EventMembers(
        tenant=_constant(habit.tenant_and_type[0]),
        type=_constant(habit.tenant_and_type[1]),
        entity_type=_constant(habit.entity_type),
        extensions=dict.fromkeys(extensions, members["id"]),
        replay_no=habit.replay_no,
        mode=habit.mode,
        **members,
    )
    template = _encode(Caused(members["event_uid"], members["data"], event, habit.replay_no, habit.mode))[1:]
    others = [(places[name], write) for name, write in _OTHERS.items() if name in places]
    texts = sorted({*order} - {_UID, _DECIDED, _DATA, *(place for place, _ in others)})
    return _Frame(template, itemgetter(*order), itemgetter(*(place - _ROW for place in texts)), tuple(texts), others)


def _constant(text: str | None) -> Any:  # noqa: ANN401  # stands for the text
    return None if text is None else Raw(_encode(text).replace(b"%", b"%%"))


def _stand_for_themselves(texts: Sequence[Any]) -> bool:
    """Whether these, which are fit, are written in JSON as they came: bytes, with nothing that is escaped."""
    try:
        joined = b"".join(texts)
    except TypeError:
        return False
    return _QUOTE not in joined and _BACKSLASH not in joined


def _text(value: str | bytes) -> bytes:
    return _encode(text_of(value))[1:-1]


def _uuid(value: str | bytes) -> bytes:
    return text_of(value).lower().encode()


def _number(value: str | bytes) -> bytes:
    return text_of(value).encode()


def _instant(value: str | bytes) -> bytes:
    """An instant that is in UTC already, with at most microseconds, needs no calendar."""
    if type(value) is bytes and len(value) <= _WITH_MICROSECONDS and value.isupper() and value.endswith(b"Z"):
        seconds, fraction = value[:_AFTER_SECONDS], value[_AFTER_SECONDS + 1 : -1]
        return b'"%b.%bZ"' % (seconds, fraction.ljust(6, b"0")) if fraction.strip(b"0") else b'"%bZ"' % seconds
    return _encode(instant_of(text_of(value)))


_TEXT: Final = Raw(b'"%b"')
_AS_IT_IS: Final = Raw(b"%b")
_MEMBERS: Final[Mapping[str, tuple[str, Raw]]] = {
    "id": ("id", _TEXT),
    "source": ("source", _TEXT),
    "correlation_id": ("correlationid", _TEXT),
    "causation_id": ("causationid", _TEXT),
    "depth": ("chaindepth", _AS_IT_IS),
    "subject": ("subject", _TEXT),
    "time": ("time", _AS_IT_IS),
    "dataschema": ("dataschema", _TEXT),
}
_OTHERS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "correlationid": _uuid,
    "causationid": _uuid,
    "chaindepth": _number,
    "time": _instant,
}
