"""The studio's worker: does the jobs that triggers ask for by webhook, and publishes what it finished.

A small but whole example of a system that Ensue drives. It verifies the signature of every call, works for a moment,
writes a file, and publishes an event that echoes the chain's headers. Calls come at least once, so a job done twice
writes the same file and publishes events with the same ids. Started by `ensue demo`, or by hand (see README.md).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from standardwebhooks import Webhook, WebhookVerificationError

from ensue.core.errors import InvalidValue, Unavailable
from ensue.core.json import JsonObject
from ensue_client import ChainHeaders, Client, NewEvent

SOURCE = "urn:example:studio"
SCENES = ("opening", "turning point", "closing")
CLIENT: web.AppKey[Client] = web.AppKey("client", Client)


class WorkerSettings(BaseSettings):
    """What the worker is told, as `STUDIO_*` variables. Where the API is, the client finds out by itself."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_")

    port: int = 8790
    webhook_secret: SecretStr = Field(description="The secret of the dispatcher, ENSUE_WEBHOOK_SECRET.")
    files: Path = Field(default=Path(".ensue/studio-files"), description="Folder that finished work is written to.")
    seconds: float = Field(default=0.3, ge=0, description="How long a job takes.")


@dataclass(frozen=True, slots=True)
class Order:
    """One call: the job's parameters, the idempotency key, its place in the chain."""

    action_id: str
    chain: ChainHeaders
    params: JsonObject

    def text(self, name: str) -> str:
        """A parameter that must be a text."""
        value = self.params.get(name)
        if not isinstance(value, str):
            raise InvalidValue(f"{name} must be a text")
        return value

    def event(self, event_type: str, subject: str, data: JsonObject, part: int = 0) -> NewEvent:
        """An event that answers this call: named after the action, so that doing it again says the same."""
        event_id = f"{self.action_id}/{part}"
        return NewEvent(event_type, SOURCE, data=data, subject=subject, id=event_id, chain=self.chain)


Job = Callable[[Order, Path], Sequence[NewEvent]]


def generate_variants(order: Order, files: Path) -> Sequence[NewEvent]:
    """Draw a few posters for a brief and judge each."""
    brief, title = order.text("brief_id"), order.text("title")
    count = order.params.get("count")
    if not isinstance(count, int) or not 1 <= count <= 20:
        raise InvalidValue("count must be 1 to 20")
    ready = []
    for number in range(1, count + 1):
        seed = hashlib.sha256(f"{title}/{number}".encode()).digest()
        variant = f"{brief}-v{number}"
        file = write(files / f"{variant}.svg", poster(title, seed))
        data: JsonObject = {"variant_id": variant, "title": title, "score": score(seed), "file": str(file)}
        ready.append(order.event("variant.ready", variant, data, number))
    return ready


def generate_scenes(order: Order, files: Path) -> Sequence[NewEvent]:
    """Write the scenes of an approved variant."""
    variant, title = order.text("variant_id"), order.text("title")
    scenes = [f"{number}. {name} of {title!r}" for number, name in enumerate(SCENES, start=1)]
    file = write(files / f"{variant}-scenes.txt", "\n".join(scenes) + "\n")
    data: JsonObject = {"variant_id": variant, "count": len(scenes), "file": str(file)}
    return [order.event("scenes.completed", variant, data)]


def tell(order: Order, files: Path) -> Sequence[NewEvent]:
    """Leave a note for the people of the studio."""
    write(files / "notes" / f"{order.action_id}.txt", order.text("text") + "\n")
    return []


JOBS: Mapping[str, Job] = {"generate-variants": generate_variants, "generate-scenes": generate_scenes, "tell": tell}


def score(seed: bytes) -> float:
    """A judgement from 0.50 to 1.00, always the same for the same poster."""
    return round(0.5 + seed[0] / 510, 2)


def poster(title: str, seed: bytes) -> str:
    """A poster as SVG: a few circles and the title, all of it from the seed."""
    circles = "".join(
        f'<circle cx="{seed[i]}" cy="{seed[i + 1]}" r="{seed[i + 2] // 4}" fill="#{seed[i : i + 3].hex()}"/>'
        for i in range(1, 25, 3)
    )
    label = title.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">{circles}<text y="250">{label}</text></svg>\n'
    )


def write(file: Path, content: str) -> Path:
    """Write a file as a whole: nobody ever sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.write_text(content, encoding="utf-8")
    return unfinished.rename(file)


def received(headers: Mapping[str, str], body: bytes, secret: str) -> Order:
    """The order within a call whose signature is right; WebhookVerificationError or InvalidValue otherwise."""
    lower = {name.lower(): value for name, value in headers.items()}
    Webhook(secret).verify(body, lower)
    content = json.loads(body)
    if not isinstance(content, dict):
        raise InvalidValue("the body must be an object")
    return Order(lower["webhook-id"], ChainHeaders.from_headers(lower), content)


def build(settings: WorkerSettings) -> web.Application:
    """The composition root: the web application with its client."""

    async def work(request: web.Request) -> web.Response:
        job = JOBS.get(request.match_info["job"])
        if job is None:
            return web.json_response({"error": "no such job", "jobs": sorted(JOBS)}, status=404)
        try:
            order = received(request.headers, await request.read(), settings.webhook_secret.get_secret_value())
            await asyncio.sleep(settings.seconds)
            finished = job(order, settings.files)
            if finished:
                await request.app[CLIENT].publish(*finished)
        except WebhookVerificationError as error:
            return web.json_response({"error": str(error)}, status=401)
        except (InvalidValue, json.JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except Unavailable as error:
            return web.json_response({"error": str(error)}, status=503)
        return web.json_response({"id": order.action_id, "published": len(finished)})

    async def well(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.cleanup_ctx.append(_with_client)
    app.add_routes([web.post("/jobs/{job}", work), web.get("/health", well)])
    return app


async def _with_client(app: web.Application) -> AsyncIterator[None]:
    async with Client.connect() as client:
        app[CLIENT] = client
        yield


if __name__ == "__main__":
    chosen = WorkerSettings()
    web.run_app(build(chosen), host="127.0.0.1", port=chosen.port, print=None)
