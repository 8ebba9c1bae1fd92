"""What the demo publishes and shows: bodies as events, requests of a size that the API takes, trees of events."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from ensue.actions.registry import PARAMS
from ensue.core.errors import InvalidValue
from ensue.core.json import JsonObject
from ensue.wire.documents import parse_trigger
from ensue_client import NewEvent
from ensue_devstack.demo.example_files import find_examples, github_triggers, studio_triggers
from ensue_devstack.demo.github_bodies import Body, read_bodies
from ensue_devstack.demo.screen import forest
from ensue_devstack.demo.story import BATCH_BYTES, BATCH_EVENTS, batches

EXAMPLES = find_examples(Path(__file__))
WORKER = "http://127.0.0.1:5555"


@pytest.mark.parametrize(
    ("event", "content", "event_type", "subject", "source"),
    [
        (
            "issues",
            {"action": "opened", "repository": {"full_name": "a/b", "html_url": "https://github.com/a/b"}},
            "github.issues.opened",
            "a/b",
            "https://github.com/a/b",
        ),
        ("push", {"sender": {"login": "someone"}}, "github.push", "someone", "https://github.com"),
        ("ping", {"organization": {"login": "team"}, "action": None}, "github.ping", "team", "https://github.com"),
        ("meta", {"repository": None}, "github.meta", None, "https://github.com"),
    ],
)
def test_a_body_becomes_an_event(
    event: str, content: JsonObject, event_type: str, subject: str | None, source: str
) -> None:
    assert Body(event, content).as_event("1") == NewEvent(event_type, source, data=content, subject=subject, id="1")


def test_another_file_is_not_taken_for_githubs(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    file.write_text("[]")
    with pytest.raises(InvalidValue, match=r"7\.6\.1"):
        read_bodies(file)


@pytest.mark.parametrize("size", [0, 1, BATCH_EVENTS, BATCH_EVENTS + 1, 3 * BATCH_EVENTS])
async def test_requests_hold_every_event_once_and_not_too_many(size: int) -> None:
    events = [NewEvent("a.b", "s", id=str(number)) for number in range(size)]
    made = [list(batch) async for batch in batches(events)]
    assert [event for batch in made for event in batch] == events
    assert all(0 < len(batch) <= BATCH_EVENTS for batch in made)


async def test_large_events_travel_in_small_requests() -> None:
    events = [NewEvent("a.b", "s", id=str(number), data="x" * (BATCH_BYTES // 2)) for number in range(4)]
    assert [len(batch) async for batch in batches(events)] == [1, 1, 1, 1]


@pytest.mark.parametrize("document", [*studio_triggers(EXAMPLES, WORKER), *github_triggers(EXAMPLES)])
def test_every_trigger_of_the_examples_is_right(document: JsonObject) -> None:
    assert parse_trigger(document, action_params=PARAMS).name == document["name"]


def test_the_studio_calls_the_worker_where_it_listens() -> None:
    urls = [str(part) for document in studio_triggers(EXAMPLES, WORKER) for part in str(document).split("'")]
    called = [url for url in urls if url.startswith("http://")]
    assert called == [f"{WORKER}/jobs/{job}" for job in ("generate-variants", "generate-scenes", "tell")]


def test_a_chain_is_drawn_as_events_with_what_they_fired() -> None:
    ready: JsonObject = {"type": "variant.ready", "subject": "v-1", "firings": []}
    action: JsonObject = {"kind": "webhook", "status": "succeeded", "events": [ready]}
    fired: JsonObject = {"trigger_id": "t", "status": "succeeded", "actions": [action]}
    failed: JsonObject = {"trigger_id": "u", "status": "dead", "actions": []}
    root: JsonObject = {"type": "brief.approved", "subject": "b-1", "firings": [fired, failed]}
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(forest([{"roots": [root]}], {"t": "Generate variants"}))
    assert capture.get().splitlines() == [
        "brief.approved b-1  → Generate variants ✓  → u ✗",
        "└── variant.ready v-1",
    ]


def test_outside_a_checkout_the_examples_of_the_package_are_found(tmp_path: Path) -> None:
    assert find_examples(tmp_path) == EXAMPLES
