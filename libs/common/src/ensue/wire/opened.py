"""An event of which no more is read than its data: made by `opening` for every record, asked by `decide`.

Few events fire anything, and most of what an Event holds is of use to a firing alone; of that again most only in the
bytes in which `causes` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from ensue.core.event import Event, FiringMode
from ensue.core.ids import cause_part, event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire import strict_json
from ensue.wire.attributes import instant_of
from ensue.wire.habits import Habit
from ensue.wire.rows import Row
from ensue.wire.shapes import Shape

_TEXTS: Final = frozenset({"id", "source", "subject"})
_IDENTITY: Final = frozenset({"event_uid", "uid_text"})
_REST: Final = ("lineage", "dataschema", "extensions")
_encode = msgspec.json.Encoder().encode


class Opened(Event):
    """An Event like any other, whose attributes other than `data` are read when somebody asks for them.

    Nothing keeps it from being changed but that nobody does: what would takes a twentieth of the time to open one.

    habit, row: of which it was opened. raw: `data` as it came; None where that is a part of something, or nothing.
    uid_text: `event_uid` as it is written.
    """

    __slots__ = ("habit", "raw", "row", "uid_text")
    # What it is made of is put into it one by one, which is done for every record and as fast as can be only so.
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__

    habit: Habit
    row: Row
    raw: bytes | None
    uid_text: bytes

    @property
    def tenant_and_type(self) -> tuple[str, str]:
        """By these two triggers listen."""
        return self.habit.tenant_and_type

    @property
    def tenant(self) -> str:
        return self.habit.tenant_and_type[0]

    @property
    def type(self) -> str:
        return self.habit.tenant_and_type[1]

    @property
    def entity_type(self) -> str | None:
        return self.habit.entity_type

    @property
    def replay_no(self) -> int:
        return self.habit.replay_no

    @property
    def mode(self) -> FiringMode:
        return self.habit.mode

    @property
    def targets(self) -> tuple[UUID, ...]:
        return ()  # events with targets are UNUSUAL

    @property
    def depth(self) -> int:
        """Where in its chain it stands."""
        place = self.habit.layout.attributes.get("chaindepth")
        return 0 if place is None else int(self.row[place])

    @property
    def correlation_id(self) -> UUID:
        """The chain."""
        if "correlationid" not in self.habit.layout.attributes:
            return self.event_uid
        return self.lineage.correlation_id

    def whole(self) -> Event:
        """The Event that the plain way would have made; everything is proven fit and only put together."""
        habit = self.habit
        texts = habit.texts(self.row)
        tenant, event_type = habit.tenant_and_type
        event_id, source, time = texts["id"], texts["source"], texts.get("time")
        uid = event_uid(tenant, source, event_id)
        return Event(
            event_uid=uid,
            tenant=tenant,
            id=event_id,
            source=source,
            type=event_type,
            lineage=_lineage(texts, uid),
            subject=texts.get("subject"),
            time=None if time is None else instant_of(time),
            entity_type=habit.entity_type,
            data=self.data,
            dataschema=texts.get("dataschema"),
            extensions={name: texts[name] for name in habit.layout.extensions},
            replay_no=habit.replay_no,
            mode=habit.mode,
        )

    def written_data(self) -> bytes:
        """`data` as `strict_json.encode` writes it."""
        raw = self.raw
        return raw if raw is not None and strict_json.is_as_written(raw) else strict_json.encode(self.data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and self.whole() == other.whole()

    __hash__ = None  # type: ignore[assignment]  # as it is with every Event: they hold mappings

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # of any attribute
        """Called for what is not read yet, and once for each."""
        if name in _IDENTITY:
            self.identified()
        elif name in _TEXTS:
            setattr(self, name, self.habit.text(name, self.row))
        elif name == "time":
            text = self.habit.text(name, self.row)
            setattr(self, name, None if text is None else instant_of(text))
        elif name in _REST:
            whole = self.whole()
            for each in _REST:
                setattr(self, each, getattr(whole, each))
        else:
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    def identified(self) -> bytes:
        """What the ids of the firings that it causes have in common; `event_uid` is worked out on the way."""
        habit, row = self.habit, self.row
        places = habit.layout.attributes
        source, event_id = row[places["source"]], row[places["id"]]
        if type(event_id) is bytes:
            source, event_id = source.decode(), event_id.decode()
        uid = event_uid(habit.tenant_and_type[0], source, event_id)
        text = _encode(uid)[1:-1]
        self.event_uid = uid  # type: ignore[misc]  # it is read when somebody asks for it
        self.uid_text = text
        return cause_part(text, habit.replay_no)


class Shaped(Opened):
    """An opened event whose data is read into a Struct of its shape; `data` is made when somebody asks.

    It is made of the text and not of the Struct, for its names have the order in which they came.

    shape, read: by which the data was read, and the Struct of it. raw: the text of which it was.
    """

    __slots__ = ("read", "shape")

    raw: bytes
    read: msgspec.Struct
    shape: Shape

    def written_data(self) -> bytes:
        """`data` as `strict_json.encode` writes it."""
        return self.raw if strict_json.is_written(self.raw, self.read) else strict_json.encode(self.data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # of any attribute
        """Called for what is not read yet, and once for each."""
        if name != "data":
            return super().__getattr__(name)
        self.habit.reading.was_in_vain(self.shape)
        data = strict_json.decode(self.raw)
        self.data = data  # type: ignore[misc]  # it is read when somebody asks for it
        return data


def _lineage(texts: Mapping[str, str], uid: UUID) -> Lineage:
    root, cause = texts.get("correlationid"), texts.get("causationid")
    return Lineage(
        uid if root is None else UUID(root), None if cause is None else UUID(cause), int(texts.get("chaindepth", "0"))
    )


_new = object.__new__


def opened(habit: Habit, row: Row, data: Json, raw: bytes | None = None) -> Opened:
    """The event of a habit with the values of this row, all of them proven fit."""
    made = _new(Opened)
    made.habit = habit
    made.row = row
    made.raw = raw
    made.data = data  # type: ignore[misc]  # it is being made
    return made


def shaped(habit: Habit, row: Row, shape: Shape, read: msgspec.Struct, raw: bytes) -> Shaped:
    """The same, of data that a shape has read."""
    made = _new(Shaped)
    made.habit = habit
    made.row = row
    made.shape = shape
    made.read = read
    made.raw = raw
    return made
