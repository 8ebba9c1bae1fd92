"""The commands beside running the service: migrate, create-key, revoke-key. Each works on the database directly.

Called by `__main__`. Exit codes are those of `ensue`: 1 the answer is no, 2 the input is wrong, 3 a server is away.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from ensue.core.errors import EnsueError, InvalidValue
from ensue.exits import ExitCode, exit_code_of
from ensue.postgres.database import Database
from ensue.postgres.errors import unprepared
from ensue.postgres.migrate import migrate
from ensue.runtime.settings import load_settings
from ensue.wire.attributes import TENANT_SYNTAX, is_tenant
from trigger_api.keys import commands
from trigger_api.keys.rules import ID_BYTES, SECRET_BYTES, make_key
from trigger_api.settings import KeySettings, MigrationSettings
from trigger_api.sql import SCHEMA

MIGRATIONS = Path(__file__).parent / "migrations"

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
Tenant = Annotated[str, typer.Option(help="The tenant that the key opens.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def run_command(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    try:
        app(args=list(arguments), prog_name="trigger_api")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    except EnsueError as error:
        sys.stderr.write(f"trigger_api: {error}\n")
        return exit_code_of(error)
    return ExitCode.DONE


@app.command("migrate")
def migrate_schema() -> None:
    """Apply the migrations that the database does not have yet."""
    settings = load_settings(MigrationSettings)
    applied = migrate(settings.admin_database_url, SCHEMA, MIGRATIONS)
    typer.echo(f"{applied} migrations applied")


@app.command("create-key")
def create_key(
    tenant: Tenant, *, admin: Annotated[bool, typer.Option("--admin")] = False, as_json: AsJson = False
) -> None:
    """Make an API key. It is shown this once."""
    if not is_tenant(tenant):
        raise InvalidValue(f"the tenant must be {TENANT_SYNTAX}")
    key = make_key(secrets.token_bytes(ID_BYTES + SECRET_BYTES))

    async def insert() -> None:
        async with _database() as database:
            await commands.insert_key(database, key, tenant=tenant, admin=admin)

    asyncio.run(insert())
    answer = {"api_key": key.text, "key_id": key.key_id, "tenant": tenant, "admin": admin}
    typer.echo(json.dumps(answer) if as_json else key.text)


@app.command("revoke-key")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The part between ens_ and the next _.")], tenant: Tenant
) -> None:
    """Revoke an API key. It is refused within seconds."""

    async def revoke() -> bool:
        async with _database() as database:
            return await commands.revoke_key(database, key_id, tenant=tenant)

    if not asyncio.run(revoke()):
        typer.echo(f"tenant {tenant} has no key {key_id} in force", err=True)
        raise typer.Exit(ExitCode.NO)
    typer.echo(f"{key_id} revoked")


@asynccontextmanager
async def _database() -> AsyncIterator[Database]:
    settings = load_settings(KeySettings)
    database = await Database.open(settings.database_url, application_name="trigger-api keys", max_size=1)
    try:
        yield database
    except Exception as error:
        if wrong := unprepared(error):
            raise wrong from error
        raise
    finally:
        await database.close()
