"""The commands of the README's quick start do what the README says. They are read from it, so they cannot rot."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.system import SETTLES_WITHIN, System

from ensue_client import Client

README = Path(__file__).resolve().parents[2] / "README.md"
SECONDS = 60


def curl_commands() -> str:
    """The one block of the README that speaks to the API with curl."""
    blocks: list[str] = re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if "curl" in block]
    return found


async def test_the_quick_start_fires_for_the_good_variants_alone(system: System, client: Client) -> None:
    connection = system.connection
    environment = {**os.environ, "url": connection.api_url, "key": connection.api_key}
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop meanwhile
        ["bash", "-e", "-c", curl_commands()],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr

    async def fired() -> None:
        rows = [row for row in (await client.log(limit=200)).items if row["event_source"] == "urn:me"]
        assert sorted((row["event_id"], row["event_subject"], row["status"]) for row in rows) == [
            ("1", "variant-1", "succeeded"),
            ("3", None, "succeeded"),
        ]

    await eventually(fired, within=SETTLES_WITHIN)
