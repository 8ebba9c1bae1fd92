"""The form of an API key, `ens_<id>_<secret>`, and how a presented one is compared with a kept one. Pure.

The secret has 256 random bits, so a plain SHA-256 keeps it; only slow hashes for passwords need more.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

_FORM: Final = re.compile(r"ens_(?P<id>[0-9a-f]{16})_(?P<secret>[0-9a-f]{64})", re.ASCII)
ID_BYTES: Final = 8
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in the clear: it exists in its owner's hands, in a request, and once when it is made."""

    key_id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """As people hold it."""
        return f"ens_{self.key_id}_{self.secret}"

    @property
    def secret_hash(self) -> bytes:
        """As the database holds it."""
        return hashlib.sha256(self.secret.encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as the database knows it."""

    key_id: str
    tenant: str
    admin: bool
    secret_hash: bytes = field(repr=False)

    def opened_by(self, key: ApiKey) -> bool:
        """Whether this is the key that was given out; takes the same time either way."""
        return hmac.compare_digest(self.secret_hash, key.secret_hash)


def make_key(random_bytes: bytes) -> ApiKey:
    """A key of 40 random bytes: 8 of id, 32 of secret."""
    if len(random_bytes) != ID_BYTES + SECRET_BYTES:
        raise ValueError(f"a key takes {ID_BYTES + SECRET_BYTES} random bytes")
    return ApiKey(random_bytes[:ID_BYTES].hex(), random_bytes[ID_BYTES:].hex())


def parse_key(text: str) -> ApiKey | None:
    """The key, or None where this cannot be one."""
    match = _FORM.fullmatch(text)
    return ApiKey(match["id"], match["secret"]) if match else None


def presented_key(authorization: str | None, api_key: str | None) -> ApiKey | None:
    """The key of a request's `Authorization: Bearer` or `X-API-Key` header; the first one that is there counts."""
    if authorization is None:
        return parse_key(api_key.strip()) if api_key else None
    scheme, _, credentials = authorization.strip().partition(" ")
    return parse_key(credentials.strip()) if scheme.lower() == "bearer" else None
