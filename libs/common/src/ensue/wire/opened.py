"""An event of which no more is read than its data: made by `opening` for every record, asked by `decide`.

Few events fire anything, and most of what an Event holds is of use to a firing alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from ensue.core.event import Event
from ensue.core.ids import event_uid
from ensue.core.json import Json
from ensue.core.lineage import Lineage
from ensue.wire.attributes import instant_of
from ensue.wire.habits import Habit
from ensue.wire.rows import Row

_TEXTS: Final = frozenset({"id", "source", "subject"})
_OF_FIRINGS: Final = ("event_uid", "lineage", "dataschema", "extensions", "replay_no", "mode")


class Opened(Event):
    """An Event like any other, whose attributes other than `data` are read when somebody asks for them.

    It is not equal to an Event of the same contents; `whole` is.
    """

    __slots__ = ("_habit", "_row")

    _habit: Habit
    _row: Row

    @property
    def tenant_and_type(self) -> tuple[str, str]:
        """By these two triggers listen."""
        return self._habit.tenant_and_type

    @property
    def tenant(self) -> str:
        return self._habit.tenant_and_type[0]

    @property
    def type(self) -> str:
        return self._habit.tenant_and_type[1]

    @property
    def entity_type(self) -> str | None:
        return self._habit.entity_type

    @property
    def targets(self) -> tuple[UUID, ...]:
        return ()  # events with targets are UNUSUAL

    def whole(self) -> Event:
        """The Event that the plain way would have made; everything is proven fit and only put together."""
        habit = self._habit
        texts = habit.texts(self._row)
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

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # of any attribute
        """Called for what is not read yet, and once for each."""
        if name in _TEXTS:
            _set(self, name, self._habit.text(name, self._row))
        elif name == "time":
            text = self._habit.text(name, self._row)
            _set(self, name, None if text is None else instant_of(text))
        elif name in _OF_FIRINGS:
            whole = self.whole()
            for each in _OF_FIRINGS:
                _set(self, each, getattr(whole, each))
        else:
            raise AttributeError(name)
        return object.__getattribute__(self, name)


def _lineage(texts: Mapping[str, str], uid: UUID) -> Lineage:
    root, cause = texts.get("correlationid"), texts.get("causationid")
    return Lineage(
        uid if root is None else UUID(root), None if cause is None else UUID(cause), int(texts.get("chaindepth", "0"))
    )


_new, _set = object.__new__, object.__setattr__
_set_habit, _set_row = Opened.__dict__["_habit"].__set__, Opened.__dict__["_row"].__set__
_set_data = Event.__dict__["data"].__set__


def opened(habit: Habit, row: Row, data: Json) -> Opened:
    """The event of a habit with the values of this row, all of them proven fit."""
    made = _new(Opened)
    _set_habit(made, habit)
    _set_row(made, row)
    _set_data(made, data)
    return made
