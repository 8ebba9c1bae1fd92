"""What every command against a running system shares: the options that name it, one question, an answer in JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from ensue.core.json import Json
from ensue_client.bodies import shown
from ensue_client.client import Client

Answer = TypeVar("Answer")

ApiUrl = Annotated[
    str | None, typer.Option(help="Address of the API; else ENSUE_API_URL, else the stack of this folder.")
]
ApiKey = Annotated[str | None, typer.Option(help="Key of the API; else ENSUE_API_KEY, else that of the stack.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def ask(question: Callable[[Client], Awaitable[Answer]], api_url: str | None, api_key: str | None) -> Answer:
    """The answer to one question, asked of the API that the options name."""

    async def asked() -> Answer:
        async with Client.connect(api_url, api_key) as client:
            return await question(client)

    return asyncio.run(asked())


def say_json(content: Json) -> None:
    """Print an answer for programs."""
    typer.echo(shown(content))
