"""Commands of services with an address that is wrong: one line without a secret, and exit code 2; never a traceback."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

import pytest
from tests.integration.postgres.conftest import Scratch

from ensue.postgres.migrate import url_for_role
from ensue_devstack.servers import Servers, with_database

TYPED = "hush-hush"
KEY_COMMANDS = [
    ("trigger_api", "create-key", "--tenant", "acme"),
    ("trigger_api", "revoke-key", "k", "--tenant", "acme"),
]
MIGRATIONS = [(service, "migrate") for service in ("trigger_api", "dispatcher", "audit")]


async def said(command: tuple[str, ...], url: str) -> tuple[int | None, str]:
    """The exit code of a command and what it says on stderr."""
    settings = {"ENSUE_DATABASE_URL": url, "ENSUE_ADMIN_DATABASE_URL": url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, env={**os.environ, **settings}, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert out == b""
    return process.returncode, err.decode()


@pytest.mark.parametrize("command", [*KEY_COMMANDS, *MIGRATIONS], ids=" ".join)
async def test_a_role_or_a_database_that_there_is_not_is_one_line(servers: Servers, command: tuple[str, ...]) -> None:
    nobody = url_for_role(servers.database_url, "ensue_nobody_such", TYPED)
    nowhere = with_database(servers.database_url, "ensue_nowhere")
    for url, why in ((nobody, "ensue_nobody_such"), (nowhere, 'database "ensue_nowhere" does not exist')):
        code, err = await said(command, url)
        assert code == 2, err
        assert "PostgreSQL refuses the address of the database" in err
        assert why in err
        assert err.count("\n") == 1
        assert TYPED not in err, "the password"


@pytest.mark.parametrize("command", KEY_COMMANDS, ids=" ".join)
async def test_a_database_without_the_schema_is_one_line_that_says_what_to_run(
    empty: Scratch, command: tuple[str, ...]
) -> None:
    code, err = await said(command, empty.admin_url)
    assert (code, err.count("\n")) == (2, 1), err
    assert "run `migrate`" in err


@pytest.mark.parametrize("command", MIGRATIONS[1:], ids=" ".join)
async def test_an_administrator_who_may_not_do_it_is_one_line(empty: Scratch, command: tuple[str, ...]) -> None:
    await empty.bootstrap()
    code, err = await said(command, empty.url("ensue_audit"))
    assert (code, err.count("\n")) == (2, 1), err
    assert "the role in the address of the database may not do this: permission denied" in err


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("sslmode=nonsense", "`sslmode` parameter must be one of"),
        ("bogus_option=1", 'unrecognized configuration parameter "bogus_option"'),
        ("client_encoding=foo", 'invalid value for parameter "client_encoding"'),
    ],
)
@pytest.mark.parametrize("command", [KEY_COMMANDS[0], MIGRATIONS[0]], ids=" ".join)
async def test_an_option_of_the_address_that_means_nothing_is_one_line(
    servers: Servers, command: tuple[str, ...], option: str, why: str
) -> None:
    code, err = await said(command, f"{servers.database_url}?{option}")
    assert (code, err.count("\n")) == (2, 1), err
    assert why in err
