"""What a firing's record says of its cause, which is nearly all of its bytes. Written and read by `records` alone.

An opened event is written without being read any further: all but a few of its values are the same for every event of
its habit, and those stand in a template, into which the others are put as they came. It is made by the encoder that
writes every other event, so that there is one format; what is not written by it is proven fit by `habits`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from ensue.wire.habits import Habit, text_of
from ensue.wire.instants import AwareInstant, utc
from ensue.wire.opened import Opened
from ensue.wire.rows import Row

MOST_FILLERS: Final = 4096
MOST_INSTANTS: Final = 1024

_Pick = Callable[[Sequence[Any]], tuple[Any, ...]]
_Write = Callable[[Any], bytes]
_Fill = Callable[[bytes, bytes, bytes, Row], bytes]

_encode = msgspec.json.Encoder().encode
_QUOTE, _BACKSLASH = b'"\\'
_UID, _DECIDED, _DATA, _ROW = 0, 1, 2, 3  # where these stand, and where a row begins, among the values of an event
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
    if isinstance(event, Opened) and firing.cause is event.event_uid:
        habit = event.habit
        if firing.replay_no == habit.replay_no and firing.mode is habit.mode:
            return _filler_of(habit)(event.uid_text, decided, event.written_data(), event.row)
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


def _filler(template: bytes, order: _Pick, texts: Sequence[int], others: Sequence[tuple[int, _Write]]) -> _Fill:
    """Puts the values of one event into what the firings of all events of its habit say alike.

    order: from all values to those of the template. texts, others: the places of those that are texts, and of what else
    may not stand in the template as it came.
    """
    texts_of = itemgetter(*(place - _ROW for place in texts))

    def filled(uid: bytes, decided: bytes, data: bytes, row: Row) -> bytes:
        values: Sequence[Any] = (uid, decided, data, *row)
        try:
            joined = b"".join(texts_of(row))
            stand_for_themselves = _QUOTE not in joined and _BACKSLASH not in joined
        except TypeError:  # not bytes: those of an envelope
            stand_for_themselves = False
        if others or not stand_for_themselves:
            values = list(values)
            for place in () if stand_for_themselves else texts:
                values[place] = _text(values[place])
            for place, write in others:
                values[place] = write(values[place])
        return template % order(values)

    return filled


@lru_cache(MOST_FILLERS)
def _filler_of(habit: Habit) -> _Fill:
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
    return _filler(template, itemgetter(*order), texts, others)


def _constant(text: str | None) -> Any:  # noqa: ANN401  # stands for the text
    return None if text is None else Raw(_encode(text).replace(b"%", b"%%"))


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
_OTHERS: Final[Mapping[str, _Write]] = {
    "correlationid": _uuid,
    "causationid": _uuid,
    "chaindepth": _number,
    "time": _instant,
}
