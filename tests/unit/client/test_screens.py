"""A chain is drawn as the tree that it is, with names for people, and nothing in it is taken for markup."""

from __future__ import annotations

from rich.console import Console

from ensue.core.json import JsonObject
from ensue_client.screens import chain_trees, trigger_ids

LEAF: JsonObject = {"type": "scenes.completed", "subject": "variant-7", "depth": 2, "firings": []}
CHAIN: JsonObject = {
    "roots": [
        {
            "type": "variant.approved",
            "subject": "[red]variant-7[/red]",
            "depth": 0,
            "firings": [
                {
                    "trigger_id": "t-1",
                    "status": "succeeded",
                    "actions": [{"kind": "webhook", "status": "succeeded", "attempts": 3, "events": [LEAF]}],
                },
                {"trigger_id": "t-2", "status": "blocked", "reason": "chain_depth", "actions": []},
            ],
        }
    ]
}


def drawn(chain: JsonObject) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        for tree in chain_trees(chain, {"t-1": "Generate scenes"}):
            console.print(tree)
    return capture.get()


def test_events_firings_and_actions_stand_under_each_other() -> None:
    assert drawn(CHAIN).splitlines() == [
        "variant.approved [red]variant-7[/red] depth 0",
        "├── Generate scenes succeeded",
        "│   └── webhook succeeded 3 attempts",
        "│       └── scenes.completed variant-7 depth 2",
        "└── t-2 blocked (chain_depth)",
    ]


def test_what_did_not_succeed_says_why() -> None:
    action: JsonObject = {"kind": "webhook", "status": "dead", "reason": "status", "detail": "it answered [410]"}
    firing: JsonObject = {"trigger_id": "t-1", "status": "dead", "reason": "status", "detail": "it answered [410]"}
    erred: JsonObject = {"trigger_id": "t-1", "status": "condition_error", "detail": "too deep", "actions": []}
    event: JsonObject = {"type": "a.b", "depth": 0, "firings": [{**firing, "actions": [action]}, erred]}
    assert drawn({"roots": [event]}).splitlines() == [
        "a.b depth 0",
        "├── Generate scenes dead (status)",
        "│   └── webhook dead (status) it answered [410]",
        "└── Generate scenes condition_error too deep",
    ]


def test_every_trigger_of_a_chain_is_found() -> None:
    assert set(trigger_ids(CHAIN)) == {"t-1", "t-2"}


def test_an_empty_chain_is_an_empty_drawing() -> None:
    assert drawn({"roots": []}) == ""
