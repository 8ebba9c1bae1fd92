"""The studio's worker believes only signed calls, does a job twice the same way, and answers within the chain."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples.studio.worker import JOBS, Order, generate_variants, received
from standardwebhooks import Webhook, WebhookVerificationError

from ensue.core.errors import InvalidValue
from ensue.core.json import JsonObject
from ensue_client import ChainHeaders

SECRET = "whsec_" + "dGhlIHNlY3JldCBvZiB0aGUgdGVzdHM="
ACTION = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CHAIN = ChainHeaders("6f1d3c4e-2f0b-5a53-9d0e-6b1f5e2c7a10", ACTION, 1)
BRIEF: JsonObject = {"brief_id": "brief-1", "title": "A lighthouse in winter", "count": 3}


def call(body: str) -> dict[str, str]:
    """The headers of a call as the dispatcher makes it, now: receivers refuse old ones."""
    now = datetime.now(UTC)  # noqa: TID251 - the library under test compares with the machine's clock
    return {
        "webhook-id": ACTION,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(ACTION, now, body),
        "ce-correlationid": CHAIN.correlation_id,
        "ce-causationid": CHAIN.causation_id,
        "ce-chaindepth": "1",
    }


def test_a_signed_call_is_an_order() -> None:
    body = json.dumps(BRIEF)
    assert received(call(body), body.encode(), SECRET) == Order(ACTION, CHAIN, BRIEF)


def test_a_call_that_was_changed_on_its_way_is_refused() -> None:
    headers = call(json.dumps(BRIEF))
    with pytest.raises(WebhookVerificationError):
        received(headers, json.dumps({**BRIEF, "count": 20}).encode(), SECRET)


def test_doing_a_job_twice_is_doing_it_once(tmp_path: Path) -> None:
    order = Order(ACTION, CHAIN, BRIEF)
    first = generate_variants(order, tmp_path)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert generate_variants(order, tmp_path) == first
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files
    assert len({event.id for event in first}) == len(files) == 3
    assert {event.chain for event in first} == {CHAIN}


@pytest.mark.parametrize("job", sorted(JOBS))
def test_a_job_without_its_parameters_is_refused(job: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue):
        JOBS[job](Order(ACTION, CHAIN, {}), tmp_path)


@pytest.mark.parametrize("count", [0, 21, "3", None])
def test_a_brief_cannot_ask_for_any_number_of_variants(count: object, tmp_path: Path) -> None:
    wrong: JsonObject = {**BRIEF, "count": count}  # type: ignore[dict-item] # wrong on purpose
    with pytest.raises(InvalidValue, match="count"):
        generate_variants(Order(ACTION, CHAIN, wrong), tmp_path)
