"""Wait for a truth, never for a time. Called by every test that watches something happen elsewhere."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

Answer = TypeVar("Answer")

SECONDS_BETWEEN_LOOKS = 0.05


@overload
async def eventually(check: Callable[[], Awaitable[Answer]], within: float = 10.0) -> Answer: ...


@overload
async def eventually(check: Callable[[], Answer], within: float = 10.0) -> Answer: ...


async def eventually(check: Callable[[], Any], within: float = 10.0) -> Any:
    """Call `check` until it stops raising AssertionError, at most `within` seconds; give back what it returned.

    check: plain or async; anything that it raises beside AssertionError ends the wait at once.
    Raises the last AssertionError when the time is over, so that a failure says what was still untrue.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        try:
            answer = check()
            return await answer if inspect.isawaitable(answer) else answer
        except AssertionError:
            if loop.time() >= deadline:
                raise
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
