"""Signatures of Standard Webhooks, checked with the public library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook
from tests.support.receiver import SECRET

from ensue.actions.signing import WebhookSigner
from ensue.core.errors import InvalidValue

NOON = datetime(2026, 3, 2, 12, 0, 0, 900_000, tzinfo=UTC)


def test_the_same_instant_in_another_zone_signs_the_same() -> None:
    signer = WebhookSigner(SECRET)
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert (
        signer.sign("m-1", tokyo, b"{}") == signer.sign("m-1", NOON, b"{}") == Webhook(SECRET).sign("m-1", NOON, "{}")
    )


def test_bodies_beyond_ascii_verify() -> None:
    now = datetime.now(UTC)  # noqa: TID251  # the library judges the age by the machine's clock
    body = '{"name":"Ümläut \u2028"}'.encode()
    headers = {
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": WebhookSigner(SECRET).sign("m-1", now, body),
    }
    Webhook(SECRET).verify(body, headers, json_parse=False)


SHORT, BARE = (base64.b64encode(raw).decode() for raw in (b"short", b"x" * 24))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!!", "plain", f"whsec_{SHORT}", BARE])
def test_a_secret_that_is_none_is_refused_without_being_told(secret: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        WebhookSigner(secret)
    assert not any(text in str(refusal.value) for text in ("!!!!", "plain", "short", SHORT, BARE))


def test_a_signer_does_not_show_its_secret() -> None:
    assert SECRET.removeprefix("whsec_") not in repr(WebhookSigner(SECRET))
