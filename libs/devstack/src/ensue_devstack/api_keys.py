"""The first API keys of a stack: made through the API service's own command, kept in `.ensue/secrets.json`.

A key is shown once, when it is made; the database has only its hash. So the kept ones are tried against the API, and
made anew if the database no longer knows them. Called by the plan of a stack.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import orjson

from ensue.core.errors import EnsueError, Unavailable
from ensue_devstack.layout import Layout, keep_secrets, read_json
from ensue_devstack.services import API

TENANT = "default"
SECONDS = 30.0


class KeysRefused(EnsueError):
    """The API's command would not make a key; the message is what it said."""


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """A tenant's key, and one that may administrate."""

    api_key: str
    admin_api_key: str


async def working_keys(layout: Layout, api_url: str, environment: Mapping[str, str]) -> ApiKeys:
    """Keys that the running API accepts. `environment`: the API service's own. Raises Unavailable or KeysRefused."""
    found = read_json(layout.secrets)
    kept = ApiKeys(str(found.get("api_key") or ""), str(found.get("admin_api_key") or ""))
    if await _is_accepted(api_url, kept.api_key) and await _is_accepted(api_url, kept.admin_api_key):
        return kept
    made = ApiKeys(await _make(environment), await _make(environment, "--admin"))
    keep_secrets(layout, {"api_key": made.api_key, "admin_api_key": made.admin_api_key})
    return made


async def _is_accepted(api_url: str, key: str) -> bool:
    if not key:
        return False
    url, headers = f"{api_url}/api/v1/triggers", {"Authorization": f"Bearer {key}"}
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, headers=headers) as answer:
            return answer.status not in (401, 403)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"{api_url} does not answer: {type(error).__name__}") from error


async def _make(environment: Mapping[str, str], *options: str) -> str:
    command = (sys.executable, "-m", API, "create-key", "--tenant", TENANT, *options, "--json")
    making = await asyncio.create_subprocess_exec(
        *command, env=dict(environment), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, complained = await making.communicate()
    except TimeoutError as error:
        making.kill()
        await making.wait()
        raise Unavailable(f"{API} create-key did not end within {SECONDS:g} s") from error
    try:
        return str(orjson.loads(said)["api_key"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        text = (complained or said).decode(errors="replace").strip()
        raise KeysRefused(f"{API} create-key ended with code {making.returncode}: {text}") from error
