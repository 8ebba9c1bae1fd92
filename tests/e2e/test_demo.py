"""The demo as a stranger runs it, but for the screen: it ends by itself with 0, its sums are those counted by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.system import System

from ensue.core.json import JsonObject
from ensue_client import Client
from ensue_devstack.demo.github_bodies import Body, github_bodies
from ensue_devstack.demo.story import put_away
from ensue_devstack.progress import silent

CHECKOUT = Path(__file__).resolve().parents[2]
SECONDS = 300
BRIEFS, VARIANTS, GOOD_VARIANTS = 3, 9, 5
BODIES = 329
GONE = "00000000-0000-4000-8000-000000000000"  # a trigger that somebody deleted


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like a checkout to the demo, with a stack of its own."""
    for name in ("examples", "deploy"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    return tmp_path


@pytest.mark.timeout(SECONDS)
def test_the_demo_ends_with_0_when_its_sums_agree(checkout: Path, another_environment: dict[str, str]) -> None:
    bodies = github_bodies(silent)
    command = [sys.executable, "-m", "ensue.cli", "demo", "--exit", "--json"]
    done = subprocess.run(
        command, check=False, cwd=checkout, env=another_environment, capture_output=True, text=True, timeout=SECONDS
    )

    assert done.returncode == 0, done.stderr
    sums = json.loads(done.stdout)
    github = Counter(reaction for body in bodies for reaction in reactions(body))
    emitted = sum(github.values())
    told = emitted - github["Deploy what is pushed to the main branch"]
    assert len(bodies) == BODIES
    assert sums["published"] == BRIEFS + BODIES
    assert sums["events"] == sums["evaluated"] == BRIEFS + 2 * VARIANTS + GOOD_VARIANTS + BODIES + emitted
    assert sums["firings"] == sums["outcomes"] == BRIEFS + VARIANTS + 2 * GOOD_VARIANTS + emitted + told
    assert sums["succeeded"] == sums["firings"]
    assert sums["dead_letters"] == 0
    assert sums["firings_by_trigger"].items() >= {**github, "Say what needs somebody's attention": told}.items()
    files = checkout / ".ensue" / "demo"
    assert len(list(files.glob("*.svg"))) == VARIANTS
    assert len(list(files.glob("*-scenes.txt"))) == GOOD_VARIANTS
    assert len(list((files / "notes").iterdir())) == GOOD_VARIANTS


async def test_what_the_demo_put_up_fires_no_more_afterwards(client: Client, system: System) -> None:
    event = {"types": ["demo.over"]}
    action = {"kind": "log", "message": "nobody should see this"}
    left = await client.create_trigger({"name": "Left", "when": {"event": event}, "then": {"actions": [action]}})
    await put_away(system.connection, [str(left["id"]), GONE])
    assert (await client.trigger(str(left["id"])))["enabled"] is False


def reactions(body: Body) -> Iterator[str]:
    """What examples/github/triggers.yaml asks for, in plain Python."""
    content, kind = body.content, body.type
    if kind == "github.issues.opened" and "bug" in names(content, "issue", "labels"):
        yield "Take up a bug that a person reports"
    if kind in {"github.check_run.completed", "github.workflow_job.completed", "github.workflow_run.completed"}:
        conclusion = inside(content, kind.split(".")[1], "conclusion")
        if conclusion in {"failure", "timed_out"}:
            yield "Notice a build that fails"
    if kind == "github.push" and content["ref"] in {"refs/heads/main", "refs/heads/master"} and not content["deleted"]:
        yield "Deploy what is pushed to the main branch"
    if kind in {
        "github.repository_vulnerability_alert.create",
        "github.dependabot_alert.created",
        "github.code_scanning_alert.created",
    }:
        yield "Escalate a vulnerability"


def inside(content: JsonObject, name: str, field: str) -> object:
    """A field of an object within the body."""
    value = content.get(name)
    return value.get(field) if isinstance(value, dict) else None


def names(content: JsonObject, name: str, field: str) -> set[object]:
    """The names of the members of a list within the body."""
    value = inside(content, name, field)
    return {member["name"] for member in value} if isinstance(value, list) else set()
