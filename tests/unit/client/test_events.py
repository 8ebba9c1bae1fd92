"""What a producer words becomes a CloudEvent, and the chain of a call comes back unchanged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ensue.core.errors import InvalidValue
from ensue_client.events import ChainHeaders, NewEvent

CHAIN = {
    "Ce-Correlationid": "6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10",
    "CE-CAUSATIONID": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "ce-chaindepth": "3",
}


def test_the_least_event_has_the_required_attributes_and_nothing_else() -> None:
    assert NewEvent("variant.approved", "studio").document("made-up") == {
        "specversion": "1.0",
        "id": "made-up",
        "source": "studio",
        "type": "variant.approved",
    }


def test_everything_that_is_given_is_said() -> None:
    event = NewEvent(
        "variant.approved",
        "studio",
        data={"score": 0.9},
        subject="variant-7",
        id="order-1",
        time=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        chain=ChainHeaders.from_headers(CHAIN),
        extensions={"entitytype": "variant"},
    )
    assert event.document("made-up") == {
        "specversion": "1.0",
        "id": "order-1",
        "source": "studio",
        "type": "variant.approved",
        "entitytype": "variant",
        "correlationid": CHAIN["Ce-Correlationid"],
        "causationid": CHAIN["CE-CAUSATIONID"],
        "chaindepth": 3,
        "subject": "variant-7",
        "time": "2026-11-21T09:30:00+00:00",
        "datacontenttype": "application/json",
        "data": {"score": 0.9},
    }


@pytest.mark.parametrize("gone", sorted(CHAIN))
def test_a_call_from_outside_a_chain_is_told_apart(gone: str) -> None:
    rest = {name: value for name, value in CHAIN.items() if name != gone}
    with pytest.raises(InvalidValue, match=gone.lower()):
        ChainHeaders.from_headers(rest)


@pytest.mark.parametrize("depth", ["-1", "x", "", "1.0", "٣"])
def test_a_depth_that_is_no_whole_number_is_refused(depth: str) -> None:
    with pytest.raises(InvalidValue, match="chaindepth"):
        ChainHeaders.from_headers({**CHAIN, "ce-chaindepth": depth})
