"""A whole running stack in the hands of a test: what it is, and how to hurt it. Made by the pytest plugin.

On servers that the environment names it gets topics under a prefix and a database of its own, which go with it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from ensue_devstack.databases import drop_database, make_database
from ensue_devstack.dev_info import DevInfo
from ensue_devstack.lease import leased
from ensue_devstack.plan import PREFIX_VARIABLE
from ensue_devstack.scratch_topics import delete_topics
from ensue_devstack.servers import DATABASE_VARIABLE, Overrides, overrides
from ensue_devstack.stack import Stack
from ensue_devstack.state import Condition, Extent, ProcessState, StackState


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Every server and service, ready when the test gets it."""

    stack: Stack
    info: DevInfo

    @property
    def state(self) -> StackState:
        """What the supervisor says now."""
        state = self.stack.status().state
        if state is None:
            raise AssertionError("the stack has no supervisor")
        return state

    def process(self, name: str) -> ProcessState:
        """A server (`kafka`, `postgres`) or a service by its package. Skips the test where it is not ours to touch."""
        process = self.state.process(name)
        if process is None:
            pytest.skip(f"{name} is not run by this stack")
        return process

    def kill(self, name: str) -> int:
        """`kill -9`, at once; the id of the process that is no more."""
        process = self.process(name)
        if process.pid is None:
            raise AssertionError(f"{name} does not run: {process.reason}")
        os.kill(process.pid, signal.SIGKILL)
        return process.pid

    def restarts(self, name: str) -> int:
        """How often it was started again."""
        return self.process(name).restarts

    def assert_ready(self, *names: str) -> None:
        """Raise AssertionError, with the reasons, unless these (or all) are ready now. For `eventually`."""
        some = [one for one in self.state.processes if not names or one.name in names]
        waiting = {one.name: one.reason for one in some if one.condition is not Condition.READY}
        if waiting:
            raise AssertionError(f"not ready: {waiting}")

    def assert_restarted(self, name: str, killed: int) -> None:
        """Raise AssertionError unless another process than `killed` does the work of `name`, and is ready."""
        process = self.process(name)
        if process.pid in (None, killed) or process.condition is not Condition.READY:
            raise AssertionError(f"{name} is not back: {process.condition}, {process.reason}")


@contextmanager
def running(stack: Stack) -> Iterator[RunningStack]:
    """The stack from empty data, all of it; shared with whoever has it already."""
    named = overrides()
    with leased(stack, lambda one: _begin(one, named), _join) as used:
        yield RunningStack(stack, used)
        info = used
    if not stack.status().running:
        asyncio.run(_clean(named, info))


def _begin(stack: Stack, named: Overrides) -> DevInfo:
    stack.reset()
    environment = dict(os.environ)
    if named.kafka_bootstrap:
        environment[PREFIX_VARIABLE] = f"running-{secrets.token_hex(4)}."
    if named.database_url:
        name = f"ensue_running_{secrets.token_hex(4)}"
        environment[DATABASE_VARIABLE] = asyncio.run(make_database(named.database_url, name))
    return stack.raise_up(Extent.SERVICES, environment=environment).info


def _join(stack: Stack) -> DevInfo:
    return stack.raise_up(Extent.SERVICES).info


async def _clean(named: Overrides, info: DevInfo) -> None:
    """What was made on servers that are not ours."""
    if named.kafka_bootstrap:
        await delete_topics(info.kafka_bootstrap, info.topic_prefix)
    if named.database_url:
        await drop_database(named.database_url, info.database_url.rpartition("/")[2])
