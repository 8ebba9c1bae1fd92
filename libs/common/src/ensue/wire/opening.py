"""Opening records: what `cloudevents.decode_record` does, in a fraction of its time for records like those before.

Called by the evaluator for every record. What comes of a record is the same in either way, errors included: the short
way only ever says that a record is an event, and only what the plain way has found in such a record before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from ensue.core.event import Event
from ensue.wire import strict_json
from ensue.wire.attributes import Intake, Problem
from ensue.wire.cloudevents import DEFAULT_MAX_DATA_BYTES, decode_record
from ensue.wire.content_type import ContentMode, mode_of, require_json
from ensue.wire.envelope import MAX_ATTRIBUTES_BYTES, MAX_DEPTH, text_of
from ensue.wire.errors import DecodeError
from ensue.wire.habits import CONTENT, DATA, UNUSUAL, Habit, Layout, are_fit, are_fit_texts
from ensue.wire.headers import CE_PREFIX, CONTENT_TYPE, Headers
from ensue.wire.opened import Opened, opened, shaped
from ensue.wire.rows import Row, row_reader
from ensue.wire.shapes import Shapes

MOST_HABITS: Final = 8192
MOST_LAYOUTS: Final = 512
MOST_NAMES: Final = 64
MOST_NAME_BYTES: Final = 2048
_MOST_GROWTH: Final = 8  # times: 1e15 is written as 1000000000000000.0


class Opener:
    """Opens the records of one topic. It remembers habits; when it has too many, it forgets them all.

    Nothing is learnt from records with very many or very long names, so that what is remembered is bounded in size too.
    """

    def __init__(
        self,
        default_tenant: str,
        *,
        trusted: bool,
        max_data_bytes: int = DEFAULT_MAX_DATA_BYTES,
        most_habits: int = MOST_HABITS,
    ) -> None:
        self._intake = Intake(trusted=trusted, tenant=default_tenant)
        self._max_data_bytes = max_data_bytes
        self._most_habits = most_habits
        self._ways: dict[tuple[str, ...], _Way] = {}
        self._usual: _Open = _no_way
        self._learnt = 0
        self._shapes = Shapes()

    @property
    def habits(self) -> int:
        """How many are remembered: never more than `most_habits`."""
        return self._learnt

    def open(self, headers: Headers, value: bytes | None) -> Event:
        """The event in a record; DecodeError where there is none."""
        return self._usual(headers, value) or self._open_otherwise(headers, value)

    def _open_otherwise(self, headers: Headers, value: bytes | None) -> Event:
        """As records with these headers are opened, if it is not the way that the last one was."""
        way = self._ways.get(tuple([name for name, _ in headers]))
        if way is not None and way.open is not self._usual and (event := way.open(headers, value)) is not None:
            self._usual = way.open
            return event
        return self._open_plainly(headers, value)

    def _open_plainly(self, headers: Headers, value: bytes | None) -> Event:
        intake = self._intake
        event = decode_record(
            headers,
            value,
            trusted=intake.trusted,
            default_tenant=intake.tenant,
            max_data_bytes=self._max_data_bytes,
        )
        if self._learnt >= self._most_habits or len(self._ways) >= MOST_LAYOUTS:
            for way in self._ways.values():
                way.forget()
            self._ways.clear()
            self._shapes.forget()
            self._usual = _no_way
            self._learnt = 0
        self._learn(headers, value, event)
        return event

    def _learn(self, headers: Headers, value: bytes | None, event: Event) -> None:
        names, values = zip(*headers, strict=True)
        if len(names) > MOST_NAMES or sum(map(len, names)) > MOST_NAME_BYTES:
            return
        way = self._ways.get(names) or self._way(names, values)
        if way is not None and way.learn(values, value, event):
            self._ways[names] = way
            self._learnt += 1

    def _way(self, names: Sequence[str], values: Row) -> _Way | None:
        """How records with these headers are opened; None where an envelope has attributes beside it, which is rare."""
        places = {name.removeprefix(CE_PREFIX): place for place, name in enumerate(names) if name.startswith(CE_PREFIX)}
        content = [place for place, name in enumerate(names) if name.lower() == CONTENT_TYPE]
        if not places:
            return _Structured(tuple(names), content[0], self._intake, self._max_data_bytes)
        if not all(_is_json(values[place]) for place in content):
            return None
        return _Binary(tuple(names), places, content, self._intake, self._max_data_bytes, self._shapes)


_Open: TypeAlias = Callable[[Headers, bytes | None], Opened | None]
"""The event in a record; None where it has other headers, or is not proven to be one."""


def _no_way(_: Headers, __: bytes | None) -> None:
    """How records are opened of which nothing is known."""


class _Way(Protocol):
    """How records with certain headers are opened."""

    @property
    def open(self) -> _Open: ...

    def forget(self) -> None:
        """Remember no habit: whoever still holds one of them holds no others."""

    def learn(self, values: Row, value: bytes | None, event: Event) -> bool:
        """Remember what led to this event, if it is worth it; whether it was."""


class _Binary:
    """Attributes in headers."""

    __slots__ = ("_content", "_is_usual", "_layout", "open")

    open: _Open

    def __init__(
        self,
        names: tuple[str, ...],
        places: dict[str, int],
        content: Sequence[int],
        intake: Intake,
        max_data_bytes: int,
        shapes: Shapes,
    ) -> None:
        self._is_usual = UNUSUAL.isdisjoint(places)
        self._content = [*content, *(place for name, place in places.items() if name == CONTENT)]
        self._layout = Layout(places, content, intake)
        self.open = _binary_opener(names, self._layout, max_data_bytes, shapes)

    def learn(self, values: Row, value: bytes | None, event: Event) -> bool:
        if not self._is_usual or not all(_is_json(values[place]) for place in self._content):
            return False
        return self._layout.learn(values, event)

    def forget(self) -> None:
        self._layout.habits.clear()


def _binary_opener(names: tuple[str, ...], layout: Layout, max_data_bytes: int, shapes: Shapes) -> _Open:
    """What opens the records of a layout of headers. Asked for every record: all that it needs is bound here."""
    decode = strict_json.decode

    def event_of(habit: Habit, row: Row, value: bytes | None) -> Opened | None:
        if not value:
            return opened(habit, row, None)
        if len(value) > max_data_bytes:
            return None
        reading = habit.reading
        shape = reading.shape
        if shape is None:
            data = decode(value)
            if reading.pause:
                reading.pause -= 1
            else:
                reading.learn(data, shapes)
        else:
            struct = shape.read(value)
            if struct is not None:
                reading.hits += 1
                return shaped(habit, row, shape, struct, value)
            reading.was_in_vain(shape)
            data = decode(value)
        return opened(habit, row, data, value)

    functions = (layout.habits.get, are_fit, event_of)
    return row_reader(names, layout.lasting_places, layout.varying_places, layout.checks, functions)


class _Structured:
    """Attributes and data in an envelope, which the content type announces."""

    __slots__ = ("_content", "_intake", "_layouts", "_max_data_bytes", "_names", "_types", "open")

    open: _Open

    def __init__(self, names: tuple[str, ...], content: int, intake: Intake, max_data_bytes: int) -> None:
        self._names = names
        self._content = content
        self._intake = intake
        self._max_data_bytes = max_data_bytes
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self._types: set[bytes] = set()
        self.open = self._open

    def _open(self, headers: Headers, value: bytes | None) -> Opened | None:
        if value is None or tuple([name for name, _ in headers]) != self._names:
            return None
        if headers[self._content][1] not in self._types:
            return None
        members = self._members(value)
        made = self._opened(members, value)
        if made is None and not all(isinstance(members[name], str) for name in members if name != DATA):
            made = self._opened(_in_texts(members), value)
        return made

    def _opened(self, members: dict[str, Any], value: bytes) -> Opened | None:
        layout = self._layouts.get(tuple(members))
        if layout is None:
            return None
        row = tuple(members.values())
        try:
            habit = layout.habits.get(layout.lasting(row))
        except TypeError:  # no text, and not even hashable
            return None
        if habit is None or not are_fit_texts(layout.varying(row)):
            return None
        for place, is_fit in layout.checks:
            if not is_fit(row[place].encode()):
                return None
        data = None if layout.data is None else row[layout.data]
        if len(value) * _MOST_GROWTH > self._max_data_bytes and len(strict_json.encode(data)) > self._max_data_bytes:
            return None
        return opened(habit, row, data)

    def learn(self, values: Row, value: bytes | None, event: Event) -> bool:
        members = _in_texts(self._members(value or b""))
        content_type: bytes = values[self._content]
        if not UNUSUAL.isdisjoint(members) or len(members) > MOST_NAMES:
            return False
        if len(content_type) + sum(map(len, members)) > MOST_NAME_BYTES:
            return False
        layout = self._layouts.get(tuple(members))
        if layout is None:
            layout = Layout({name: place for place, name in enumerate(members)}, (), self._intake)
        is_new = layout.learn(tuple(members.values()), event)
        if is_new:
            self._layouts[tuple(members)] = layout
        is_new = is_new or content_type not in self._types
        self._types.add(content_type)
        return is_new

    def forget(self) -> None:
        for layout in self._layouts.values():
            layout.habits.clear()

    def _members(self, value: bytes) -> dict[str, Any]:
        """The members of an envelope; none where it is none."""
        if len(value) > self._max_data_bytes + MAX_ATTRIBUTES_BYTES:
            return {}
        try:
            members = strict_json.decode(value, MAX_DEPTH)
        except DecodeError:
            return {}
        return members if type(members) is dict else {}


def _in_texts(members: dict[str, Any]) -> dict[str, Any]:
    """The members with attributes as text, without those that are null; none where one has the wrong type."""
    problems: list[Problem] = []
    there = {name: each for name, each in members.items() if each is not None}
    texts = {name: each if name == DATA else text_of(name, each, problems) for name, each in there.items()}
    return {} if problems else texts


def _is_json(content_type: bytes) -> bool:
    """Whether this surely announces data in JSON, and no envelope."""
    try:
        text = content_type.decode()
        require_json(text)
        return mode_of(text) is ContentMode.BINARY
    except DecodeError:
        return False
