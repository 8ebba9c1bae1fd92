"""Who is asking: the principal of a request, from its API key alone. A dependency of every route under /api/v1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from trigger_api.keys.rules import presented_key
from trigger_api.ports import Ports, ports_of
from trigger_api.problems import UNAUTHENTICATED, Problem

SECURITY_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "ens_<id>_<secret>"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


@dataclass(frozen=True, slots=True)
class Principal:
    """A program or a person, known by a key. The tenant is the key's: nothing in a request can change it."""

    tenant: str
    key_id: str
    admin: bool

    @property
    def name(self) -> str:
        """How it is named in `created_by`."""
        return f"key:{self.key_id}"


async def authenticate(request: Request, ports: Annotated[Ports, Depends(ports_of)]) -> Principal:
    """The principal, or a 401 that does not say what was wrong with the key."""
    headers = request.headers
    key = presented_key(headers.get("authorization"), headers.get("x-api-key"))
    known = await ports.keys.find(key.key_id) if key is not None else None
    if key is None or known is None or not known.opened_by(key):
        challenge = {"WWW-Authenticate": 'Bearer realm="ensue"'}
        raise Problem(UNAUTHENTICATED, "Send Authorization: Bearer <key> or X-API-Key: <key>.", headers=challenge)
    return Principal(known.tenant, known.key_id, known.admin)


Caller = Annotated[Principal, Depends(authenticate)]
