"""The demo from its triggers to its sums, on a stack that is up. Called by the demo's command and by its test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

import orjson
from rich.console import Group

from ensue.core.errors import Unavailable
from ensue.core.json import JsonObject
from ensue.runtime.clock import Clock
from ensue_client import Client, Connection, NewEvent, NotFound
from ensue_devstack.demo.example_files import STUDIO, WORKER, github_triggers, studio_triggers
from ensue_devstack.demo.github_bodies import Body
from ensue_devstack.demo.screen import Screen, firings_table, forest, progress_line
from ensue_devstack.demo.sums import Sums, Witness
from ensue_devstack.demo.worker_process import WorkerSetup, running_worker
from ensue_devstack.dev_info import DevInfo
from ensue_devstack.layout import Layout, Secrets

BRIEFS = ("A lighthouse in winter", "Rain on the night train", "The last orchard")
VARIANTS = 3
WORKER_LOG = "studio-worker"
STUDIO_SOURCE = "urn:example:studio:briefs"
BATCH_BYTES = 512 * 1024
BATCH_EVENTS = 50
LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 120.0
CHAINS_SHOWN = 3
PAGE = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays. run: names this run, so that its events are new ones. layout: of the stack."""

    info: DevInfo
    layout: Layout
    examples: Path
    run: str

    @property
    def files(self) -> Path:
        """Where the worker's work ends up."""
        return self.layout.home / "demo"

    @property
    def connection(self) -> Connection:
        """The API of the stack."""
        if self.info.api_url is None or self.info.api_key is None:
            raise Unavailable("the stack runs without its services: `ensue dev down`, then run the demo again")
        return Connection(self.info.api_url, self.info.api_key)


@dataclass
class Story:
    """The demo under way. `chains` grows with each event that is published."""

    stage: Stage
    screen: Screen
    clock: Clock
    client: Client
    witness: Witness
    worker_url: str
    names: dict[str, str] = field(default_factory=dict)
    chains: list[UUID] = field(default_factory=list)

    @classmethod
    async def begin(cls, stage: Stage, screen: Screen, clock: Clock, stack: AsyncExitStack) -> Self:
        """Start the worker and everything else that the demo needs; `stack` ends it."""
        layout = stage.layout
        setup = WorkerSetup(
            program=stage.examples / STUDIO / WORKER,
            connection=stage.connection,
            webhook_secret=Secrets.kept(layout).webhook_secret,
            files=stage.files,
            log=layout.log(WORKER_LOG),
            marker=layout.marker(),
        )
        info = stage.info
        return cls(
            stage=stage,
            screen=screen,
            clock=clock,
            worker_url=await stack.enter_async_context(running_worker(setup)),
            client=await stack.enter_async_context(Client(stage.connection)),
            witness=await stack.enter_async_context(
                Witness(info.kafka_bootstrap, info.topic_prefix, info.database_url)
            ),
        )

    async def studio(self) -> Sums:
        """Part one: briefs become variants, variants are approved, scenes are made."""
        self.screen.heading("A studio: three briefs become variants, approvals and scenes")
        await self._put(studio_triggers(self.stage.examples, self.worker_url))
        begun = len(self.chains)
        for number, title in enumerate(BRIEFS, start=1):
            brief = f"brief-{self.stage.run}-{number}"
            data: JsonObject = {"brief_id": brief, "title": title, "variants": VARIANTS}
            await self._publish([NewEvent("brief.approved", STUDIO_SOURCE, data=data, subject=brief, id=brief)])
        with self.screen.growing() as show:

            async def draw(_: Sums) -> None:
                show(forest(await self._read(self.chains[begun:]), self.names))

            return await self._until_settled(draw)

    async def github(self, bodies: Sequence[Body]) -> Sums:
        """Part two: GitHub's webhook bodies, with triggers over their real fields."""
        self.screen.heading(f"GitHub: {len(bodies)} real webhook bodies, five triggers")
        await self._put(github_triggers(self.stage.examples))
        events = [body.as_event(f"{self.stage.run}/{number}") for number, body in enumerate(bodies, start=1)]
        begun = len(self.chains)
        expected = begun + len(events)
        with self.screen.growing() as show:

            async def draw(sums: Sums) -> None:
                fired = await self.witness.firings_by_trigger(self.chains[begun:])
                show(Group(progress_line(sums, expected), firings_table(fired, self.names)))

            async for batch in batches(events):
                await self._publish(batch)
                await draw(await self.witness.sums(self.chains))
            sums = await self._until_settled(draw)
        await self._show_some()
        return sums

    async def _put(self, documents: Sequence[JsonObject]) -> None:
        """Save triggers; one of the same name, left by a former run, gets the document instead of a twin."""
        known = {str(trigger["name"]): str(trigger["id"]) async for trigger in self._saved()}
        for document in documents:
            name = str(document["name"])
            saved = (
                await self.client.replace_trigger(known[name], {"enabled": True, **document})
                if name in known
                else await self.client.create_trigger(document)
            )
            if not saved.get("in_force"):
                raise Unavailable(f"the trigger {name!r} is saved but not in force: Kafka does not answer")
            self.names[str(saved["id"])] = name
        self.screen.say(f"  {len(documents)} triggers are in force")

    async def _saved(self) -> AsyncIterator[JsonObject]:
        cursor: str | None = None
        while True:
            page = await self.client.triggers(limit=PAGE, cursor=cursor)
            for trigger in page.items:
                yield trigger
            if (cursor := page.next_cursor) is None:
                return

    async def _publish(self, events: Sequence[NewEvent]) -> None:
        self.chains += [published.correlation_id for published in await self.client.publish(*events)]

    async def _until_settled(self, draw: Callable[[Sums], Awaitable[None]]) -> Sums:
        """Draw until nothing is under way; after `PATIENCE_SECONDS` give back what there is."""
        deadline = self.clock.monotonic() + PATIENCE_SECONDS
        while True:
            sums = await self.witness.sums(self.chains)
            await draw(sums)
            if sums.settled or self.clock.monotonic() > deadline:
                return sums
            await asyncio.sleep(LOOK_SECONDS)

    async def _read(self, chains: Sequence[UUID]) -> list[JsonObject]:
        found = []
        for chain in chains:
            try:
                found.append(await self.client.chain(chain))
            except NotFound:  # published, and not recorded yet
                continue
        return found

    async def _show_some(self) -> None:
        """The trees of a few of GitHub's chains, one for each kind of event that went on."""
        page = await self.client.log(limit=PAGE)
        kinds: dict[str, UUID] = {}
        for row in page.items:
            chain = UUID(str(row["correlation_id"]))
            if row["depth"] == 1 and chain in self.chains[len(BRIEFS) :]:
                kinds.setdefault(str(row["event_type"]), chain)
        some = await self._read(list(kinds.values())[:CHAINS_SHOWN])
        self.screen.console.print(forest(some, self.names))


async def put_away(connection: Connection, triggers: Iterable[str]) -> None:
    """Disable the demo's triggers: else they would fire on what people publish next, and their worker is gone."""
    async with Client(connection) as client:
        for trigger in triggers:
            with suppress(NotFound):  # somebody deleted it
                await client.disable_trigger(trigger)


async def batches(events: Sequence[NewEvent]) -> AsyncIterator[Sequence[NewEvent]]:
    """The events in requests that the API takes: at most `BATCH_EVENTS` and about `BATCH_BYTES` each."""
    batch: list[NewEvent] = []
    size = 0
    for event in events:
        bytes_more = len(orjson.dumps(event.data))
        if batch and (len(batch) == BATCH_EVENTS or size + bytes_more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += bytes_more
    if batch:
        yield batch
