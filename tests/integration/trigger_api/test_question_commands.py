"""`ensue triggers validate`, `explain` and `limits` against a running API: what people see, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from tests.integration.trigger_api.approvals import HIGH, NEAR, WHERE
from tests.integration.trigger_api.world import World, trigger

DENIAL = {"not": {"field": "data.state", "op": "eq", "value": "draft"}}


async def ensue(world: World, *arguments: str, given: str = "") -> tuple[int | None, str, str]:
    """One command line with acme's key: its exit code, and what it wrote."""
    assert world.acme.key is not None
    said = {"ENSUE_API_URL": world.url, "ENSUE_API_KEY": world.acme.key.text, "COLUMNS": "200"}
    command = (sys.executable, "-m", "ensue.cli", "triggers", *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **said}, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate(given.encode())
    return process.returncode, out.decode(), err.decode()


@pytest.mark.requirement("R3.17")
async def test_validate_says_whether_a_save_would_take_it(world: World, tmp_path: Path) -> None:
    good, bad, samples = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "samples.jsonl"
    good.write_text(json.dumps(trigger(where=WHERE)))
    bad.write_text(json.dumps(trigger(where={"field": "data.x", "op": "equals", "value": 1})))
    samples.write_text(json.dumps(HIGH) + "\n" + json.dumps(NEAR) + "\n")
    code, out, _ = await ensue(world, "validate", str(good), "--event", str(samples))
    assert code == 0
    assert out.splitlines() == [
        "Tell when a variant is approved: valid",
        "  When variant.approved arrives and project_id is 7 and (score is at least 0.8 or tags contains"
        ' "rush") and not (subject begins with "test-"), Ensue logs "approved".',
        "  fires for 1 of 2 sample events, 2 of which it listens to",
    ]
    code, out, _ = await ensue(world, "validate", str(good), str(bad))
    assert code == 1
    assert 'not valid\n  /where/op: is not a known operator; did you mean "eq"?' in out
    code, out, _ = await ensue(world, "validate", "-", "--json", given=json.dumps({"where": DENIAL}))
    assert code == 0
    (item,) = json.loads(out)["items"]
    assert (item["valid"], item["english"]) == (True, 'not (state is "draft")')
    code, _, err = await ensue(world, "validate", str(tmp_path / "absent.json"))
    assert (code, "cannot be read" in err) == (2, True)
    code, _, err = await ensue(world, "validate", str(good), "--event", "-", given='{"type": 7}')
    assert (code, "/samples/0/type" in err) == (2, True)


@pytest.mark.requirement("R3.15")
async def test_explain_draws_the_tree_of_a_trigger_that_is_saved(world: World, tmp_path: Path) -> None:
    created = await world.acme.create(trigger(name="Generate scenes", where=WHERE))
    near, both = tmp_path / "near.json", tmp_path / "both.jsonl"
    near.write_text(json.dumps(NEAR))
    both.write_text(json.dumps(HIGH) + "\n" + json.dumps({**HIGH, "type": "variant.made"}) + "\n")
    code, out, _ = await ensue(world, "explain", created["id"], "--event", str(near))
    assert code == 1
    assert out.splitlines() == [
        "Generate scenes: does not match",
        "└── ✗ all of",
        "    ├── ✓ project_id is 7; actual 7",
        "    ├── ✗ any of",
        "    │   ├── ✗ score is at least 0.8; actual 0.79",
        '    │   └── ✗ tags contains "rush"; actual ["slow"]',
        "    └── ✓ not",
        '        └── ✗ subject begins with "test-"; actual "v-1"',
        "nearest miss: score is at least 0.8 (was 0.79)",
    ]
    code, out, _ = await ensue(world, "explain", created["id"], "--event", str(both))
    assert code == 1
    assert "Generate scenes: matches" in out
    assert "✗ the event's type is variant.made, the trigger listens to variant.approved" in out
    code, out, _ = await ensue(world, "explain", created["id"], "--event", "-", "--json", given=json.dumps(HIGH))
    assert (code, json.loads(out)["items"][0]["matches"]) == (0, True)
    await world.acme.call("PATCH", f"/api/v1/triggers/{created['id']}", {"where": None})
    code, out, _ = await ensue(world, "explain", created["id"], "--event", str(near), "--revision", "1")
    assert code == 1
    for arguments in ([], ["--event", str(near), "--event-uid", created["id"]], ["--event-uid", "x"]):
        code, _, err = await ensue(world, "explain", created["id"], *arguments)
        assert (code, err.startswith("ensue: ")) == (2, True)
    code, _, err = await ensue(world, "explain", created["id"], "--event-uid", created["id"])
    assert (code, "no such event" in err) == (1, True)


async def test_limits_tells_what_is_counted(world: World) -> None:
    code, out, _ = await ensue(world, "limits")
    assert (code, out) == (0, "no trigger that no index leads to; 500 are allowed for each event type\n")
    await world.acme.create(trigger(where=DENIAL))
    code, out, _ = await ensue(world, "limits")
    assert (code, out) == (0, "variant.approved: 1 of 500 triggers that no index leads to\n")
    code, out, _ = await ensue(world, "limits", "--json")
    assert json.loads(out)["unindexed_triggers"]["limit"] == 500


async def test_a_save_shows_its_warnings_and_a_read_its_sentence(world: World) -> None:
    code, out, err = await ensue(world, "create", "-", given=json.dumps(trigger(where=DENIAL)))
    assert code == 0
    assert "Tell when a variant is approved" in out
    assert err == (
        "warning: Tell when a variant is approved: /where is asked about every event of its type:"
        " it denies something, and an index finds what is there\n"
    )
    created = await world.acme.create(trigger(where={"cel": "event.data.score > 0.5 &&\n event.data.score < 0.9"}))
    code, out, _ = await ensue(world, "get", created["id"])
    assert (code, out.splitlines()[0]) == (
        0,
        "# When variant.approved arrives and the expression event.data.score > 0.5 &&  event.data.score < 0.9 is true,"
        ' Ensue logs "approved".',
    )
    code, _, err = await ensue(world, "replace", created["id"], "-", given=out)
    assert code == 0, err
