"""Many firings are written as each would be alone: what they share is written once, and never by the wrong ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.world import NOON, an_event, trigger_id

from ensue.core.event import FiringMode
from ensue.core.firing import Firing
from ensue.wire.records import decode_firing, encode_firing, encode_firings

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=5)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
# Few of each, so that what differs in one respect only stands side by side.
EVENTS = [an_event(event_id=str(number), data={"n": number}) for number in range(2)]
IDS = [UUID(int=number, version=5) for number in range(3)]
FEW = st.builds(
    Firing,
    firing_id=st.sampled_from(IDS),
    tenant=st.sampled_from(["studio", 'o"dd\\']),
    trigger_id=st.sampled_from([trigger_id(1), trigger_id(2)]),
    revision=st.sampled_from([1, 2]),
    cause=st.sampled_from(IDS),
    event=st.sampled_from(EVENTS),
    observed_at=st.sampled_from([NOON, NOON + timedelta(milliseconds=1)]),
    replay_no=st.sampled_from([0, 1]),
    mode=st.sampled_from(FiringMode),
)


@given(st.lists(FEW, max_size=12))
def test_what_is_written_is_read_again_in_its_order(firings: list[Firing]) -> None:
    records = encode_firings(firings)
    assert [decode_firing(record.value) for record in records] == firings
    assert records == [encode_firing(firing) for firing in firings]


@given(JSON, st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_any_data_and_extensions_come_back(data: Any, extensions: dict[str, str]) -> None:  # noqa: ANN401  # any JSON
    event = an_event(data=data, extensions=extensions)
    firing = Firing(IDS[0], "studio", trigger_id(1), 1, IDS[1], event, NOON)
    value = encode_firing(firing).value
    assert decode_firing(value) == firing
    assert list(msgspec.json.decode(value or b"")) == [
        "firing_id", "tenant", "trigger_id", "revision", "cause", "observed_at", "event", "replay_no", "mode",
    ]  # fmt: skip
