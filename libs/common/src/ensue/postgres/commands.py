"""`python -m <service> migrate`: what a service with a schema runs before it starts. Called by their `__main__`."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field, SecretStr

from ensue.core.errors import EnsueError
from ensue.exits import ExitCode, exit_code_of
from ensue.postgres.migrate import bootstrap_roles, migrate
from ensue.runtime.settings import DatabaseUrl, EnsueSettings, load_settings


class MigrationSettings(EnsueSettings):
    """What preparing a database needs; read only by `migrate`, never by a running service."""

    admin_database_url: DatabaseUrl = Field(
        description="The database, as an administrator who may create roles and schemas.", repr=False
    )
    role_password: SecretStr | None = Field(
        default=None, description="Password given to every service's role; left as it is where this is not set."
    )


def migrate_command(schema: str, directory: Path) -> int:
    """Make the roles and apply the schema's migrations.

    The exit code: 0 done, 1 a migration is wrong, 2 the address of the database or a right of its role is, 3 no server.
    """
    settings = load_settings(MigrationSettings)
    password = settings.role_password
    try:
        bootstrap_roles(settings.admin_database_url, password.get_secret_value() if password else None)
        applied = migrate(settings.admin_database_url, schema, directory)
    except EnsueError as error:
        print(error, file=sys.stderr)
        return exit_code_of(error)
    print(f"schema {schema}: {applied} migrations applied")
    return ExitCode.DONE
