"""Making and revoking API keys. Called by the command line; HTTP routes for keys are not part of this yet."""

from __future__ import annotations

from ensue.postgres.database import Database
from trigger_api.keys.rules import ApiKey
from trigger_api.sql import statements


async def insert_key(database: Database, key: ApiKey, *, tenant: str, admin: bool) -> None:
    """Keep a new key: its hash, never its secret."""
    async with database.transaction(tenant) as connection:
        await connection.execute(
            statements("keys", "commands.sql")["insert_key"], key.key_id, tenant, key.secret_hash, admin
        )


async def revoke_key(database: Database, key_id: str, *, tenant: str) -> bool:
    """Revoke; False where this tenant has no such key that is in force."""
    async with database.transaction(tenant) as connection:
        return await connection.fetchval(statements("keys", "commands.sql")["revoke_key"], tenant, key_id) is not None
