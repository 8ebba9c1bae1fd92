"""The floor for calling out: a bare aiohttp client that posts signed-size bodies as fast as the receiver answers.

`python -m tests.bench.bare_client URL COUNT CONCURRENCY`, a process of its own.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import uvloop

BODY = b'{"event":"' + b"x" * 1_000 + b'"}'


async def post_all(url: str, count: int, concurrency: int) -> None:
    """`count` posts, `concurrency` at a time."""
    numbers = iter(range(count))
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def worker() -> None:
            for number in numbers:
                headers = {"webhook-id": str(number), "content-type": "application/json"}
                async with session.post(url, data=BODY, headers=headers) as answer:
                    await answer.read()

        await asyncio.gather(*(worker() for _ in range(concurrency)))


if __name__ == "__main__":
    uvloop.run(post_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
