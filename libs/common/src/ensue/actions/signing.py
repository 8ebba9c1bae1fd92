"""Standard Webhooks signatures (spec 1.0.0, `v1` = HMAC-SHA256 over `id.timestamp.body`). The one user of the library.

Built by the dispatcher from its settings; the secret stays inside.
"""

from __future__ import annotations

import binascii
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from ensue.core.errors import InvalidValue

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of secrets, not one
LEAST_SECRET_BYTES = 16


class WebhookSigner:
    """Signs with one secret, spelled `whsec_<base64>` and at least 16 bytes long. Raises InvalidValue for another."""

    def __init__(self, secret: str) -> None:
        try:
            raw = binascii.a2b_base64(secret.removeprefix(SECRET_PREFIX), strict_mode=True)
        except ValueError:
            raise InvalidValue("the webhook secret must be whsec_ and base64") from None
        if not secret.startswith(SECRET_PREFIX) or len(raw) < LEAST_SECRET_BYTES:
            raise InvalidValue(
                f"the webhook secret must be whsec_ and the base64 of {LEAST_SECRET_BYTES} bytes or more"
            )
        self._webhook = Webhook(raw)

    def __repr__(self) -> str:
        return "WebhookSigner(...)"

    def sign(self, message_id: str, at: datetime, body: bytes) -> str:
        """The value of `webhook-signature`. The library takes any instant for UTC, so it is given in UTC."""
        return self._webhook.sign(message_id, at.astimezone(UTC), body.decode())
