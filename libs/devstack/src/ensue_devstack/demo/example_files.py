"""The folder `examples/` of the checkout: the triggers of the demo, and the studio's worker. Called by the demo."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject
from ensue_client.files import read_documents

EXAMPLES = Path("examples")
STUDIO = "studio"
GITHUB = "github"
WORKER = "worker.py"
TRIGGERS = "triggers.yaml"


def find_examples(start: Path) -> Path:
    """The examples of the checkout that `start` is in, else of the checkout that this package is installed from."""
    here = Path(__file__).resolve()
    for folder in (start.resolve(), *start.resolve().parents, *here.parents):
        if (folder / EXAMPLES / STUDIO / TRIGGERS).is_file():
            return folder / EXAMPLES
    raise InvalidValue("the demo's examples are not here: run it in a checkout of Ensue")


def studio_triggers(examples: Path, worker_url: str) -> list[JsonObject]:
    """The studio's triggers, calling the worker where it really listens."""
    return [_moved(document, worker_url) for document in read_documents([examples / STUDIO / TRIGGERS], "trigger")]


def github_triggers(examples: Path) -> list[JsonObject]:
    """The triggers over GitHub's bodies."""
    return read_documents([examples / GITHUB / TRIGGERS], "trigger")


def _moved(document: JsonObject, worker_url: str) -> JsonObject:
    then = document["then"]
    assert isinstance(then, dict)  # noqa: S101 - our own file
    actions = then["actions"]
    assert isinstance(actions, list)  # noqa: S101 - our own file
    return {**document, "then": {**then, "actions": [_called_there(action, worker_url) for action in actions]}}


def _called_there(action: Json, worker_url: str) -> Json:
    if not isinstance(action, dict) or "url" not in action:
        return action
    there = urlsplit(worker_url)
    url = urlsplit(str(action["url"]))._replace(scheme=there.scheme, netloc=there.netloc)
    return {**action, "url": urlunsplit(url)}
