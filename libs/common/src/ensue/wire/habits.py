"""What producers do again and again: the same attributes in the same order, most of them with the same values.

A layout is a row of attribute names; a habit is a layout with the values that last from event to event, of which the
plain way (`cloudevents.decode_record`) once made an event. Another record of a known habit makes an event if its other
values are fit, and that is proven here in a few steps; where it is not, nothing is refused: the plain way decides.
Called by `opening`, as `opened.Opened` is made there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from ensue.core.event import Event, FiringMode
from ensue.wire.attributes import MAX_ATTRIBUTE_BYTES, NAMED, Intake, instant_of, is_ours
from ensue.wire.rows import Check, Row
from ensue.wire.shapes import Reading

MOST_LASTING_BYTES: Final = 2048
DATA: Final = "data"
CONTENT: Final = "datacontenttype"
# A replay addresses triggers by name, and data in base64 is decoded again: both are rare and left to the plain way.
UNUSUAL: Final = frozenset({"targets", "data_base64"})
_LASTING: Final = frozenset({"specversion", "type", "tenant", "entitytype", "replayno", "mode", CONTENT})

_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_UUID: Final = b"0" * 8 + b"-0000" * 3 + b"-" + b"0" * 12
_HEX: Final = bytes.maketrans(b"0123456789abcdefABCDEF", b"0" * 22)
_DIGITS: Final = bytes.maketrans(b"0123456789tz", b"0000000000TZ")
_FRACTIONS: Final = (b"", *(b"." + b"0" * digits for digits in range(1, 10)))
_INSTANTS: Final = frozenset(
    b"0000-00-00T00:00:00" + fraction + zone for fraction in _FRACTIONS for zone in (b"Z", b"+00:00", b"-00:00")
)
_DEPTHS: Final = frozenset(str(depth).encode() for depth in range(1000))


def is_uuid(value: bytes) -> bool:
    """Whether this is surely a UUID in hexadecimal digits with dashes."""
    return value.translate(_HEX) == _UUID


def is_depth(value: bytes) -> bool:
    """Whether this is surely a chain depth."""
    return value in _DEPTHS


def is_instant(value: bytes) -> bool:
    """Whether this is surely an instant in RFC 3339."""
    if value.translate(_DIGITS) not in _INSTANTS:
        return False
    if not b"0001" < value[:4] < b"9999":  # the zone can lead out of the calendar
        return instant_of(value.decode()) is not None
    try:
        datetime.fromisoformat(value.decode().upper())
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def is_of_others(value: bytes) -> bool:
    """Whether this source surely does not claim to be one of our own services."""
    return not is_ours(value.decode())


_CHECKS: Final[Mapping[str, Check]] = {
    "time": is_instant, "correlationid": is_uuid, "causationid": is_uuid, "chaindepth": is_depth,
}  # fmt: skip


def are_fit(values: Sequence[bytes]) -> bool:
    """Whether every one is surely fit as the text of an attribute: there, not empty, printable, in UTF-8, not long."""
    try:
        joined = b"".join(values)
    except TypeError:
        return False
    if len(joined) > MAX_ATTRIBUTE_BYTES or b"" in values:
        return False
    if not joined.translate(None, _PRINTABLE):
        return True
    try:
        return all(value.decode().isprintable() for value in values)
    except UnicodeDecodeError:
        return False


def are_fit_texts(values: Sequence[Any]) -> bool:
    """The same of texts in an envelope; what is no text is not fit."""
    try:
        joined = "".join(values)
    except TypeError:
        return False
    if len(joined) > MAX_ATTRIBUTE_BYTES or "" in values or not joined.isprintable():
        return False
    return joined.isascii() or len(joined.encode()) <= MAX_ATTRIBUTE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class Habit:
    """A layout with its lasting values. What they say is known for every event of it.

    reading: what is known of its data; the one thing here that changes.
    """

    layout: Layout
    tenant_and_type: tuple[str, str]
    entity_type: str | None
    replay_no: int
    mode: FiringMode
    reading: Reading = field(default_factory=Reading)

    def texts(self, row: Row) -> dict[str, str]:
        """The attributes in a row as text."""
        return {
            name: value if isinstance(value := row[place], str) else value.decode()
            for name, place in self.layout.attributes.items()
        }

    def text(self, name: str, row: Row) -> str | None:
        """One attribute; None where the habit has none."""
        place = self.layout.attributes.get(name)
        return None if place is None else text_of(row[place])


class Layout:
    """Where in a row the attributes stand.

    attributes: the place of each, but for that which says what the data is.
    extensions: the attributes that are none of those we know.
    lasting, varying: from a row to its values of the one and of the other kind, which stand at `lasting_places` and
        `varying_places`, at two or more each.
    checks: what varying values must be beyond being fit as text, by their places.
    habits: by their lasting values.
    """

    __slots__ = (
        "attributes",
        "checks",
        "data",
        "extensions",
        "habits",
        "lasting",
        "lasting_places",
        "varying",
        "varying_places",
    )

    def __init__(self, places: Mapping[str, int], beside: Sequence[int], intake: Intake) -> None:
        """places: of attributes and data. beside: what else counts among the lasting values."""
        names = {name: place for name, place in places.items() if name != DATA}
        self.data = places.get(DATA)
        self.attributes = {name: place for name, place in names.items() if name != CONTENT}
        self.extensions = tuple(name for name in self.attributes if name not in NAMED)
        self.lasting_places = (*(place for name, place in names.items() if name in _LASTING), *beside)
        self.varying_places = tuple(place for name, place in names.items() if name not in _LASTING)
        self.lasting, self.varying = itemgetter(*self.lasting_places), itemgetter(*self.varying_places)
        checks: Mapping[str, Check] = _CHECKS if intake.trusted else {**_CHECKS, "source": is_of_others}
        self.checks: Sequence[tuple[int, Check]] = [
            (names[name], checks[name]) for name in checks.keys() & names.keys()
        ]
        self.habits: dict[Row, Habit] = {}

    def learn(self, row: Row, event: Event) -> bool:
        """Remember the habit of a row that made this event, unless it is known or takes too much; whether it did."""
        lasting: Row = self.lasting(row)
        if lasting in self.habits or sum(map(len, lasting)) > MOST_LASTING_BYTES:
            return False
        self.habits[lasting] = Habit(self, event.tenant_and_type, event.entity_type, event.replay_no, event.mode)
        return True


def text_of(value: str | bytes) -> str:
    """A value of a row as text."""
    return value if isinstance(value, str) else value.decode()
