"""The way out: what is sent, what is read, what is never followed. Against a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.support.receiver import Receiver, Say, listening

from ensue.actions.addresses import AddressPolicy, ForbiddenAddress
from ensue.actions.egress import MAX_ANSWER_BYTES, RESOLVER_THREADS, CallFailed, GuardedHttp, TenantResolver
from ensue.actions.kind import Fault, Post

SECOND = timedelta(seconds=1)
LOOPBACK = AddressPolicy.allowing(["127.0.0.0/8"])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[GuardedHttp]:
    async with GuardedHttp(LOOPBACK) as found:
        yield found


async def test_what_is_posted_arrives_byte_for_byte(http: GuardedHttp, receiver: Receiver) -> None:
    post = Post(f"{receiver.url}/a%2Fb/..%2F?q=%C3%A4&r=%26", (("x-kind", "brief"),), b'{"a": 1}')
    answer = await http.post("studio", post, SECOND)
    [call] = receiver.calls
    assert (answer.status, call.body, call.headers["x-kind"]) == (200, b'{"a": 1}', "brief")
    assert call.query == "q=ä&r=%26"


async def test_a_redirect_is_an_answer_and_is_not_followed(http: GuardedHttp, receiver: Receiver) -> None:
    receiver.script("/old", Say(302, {"Location": f"{receiver.url}/new"}))
    answer = await http.post("studio", Post(f"{receiver.url}/old", (), b""), SECOND)
    assert answer.status == 302
    assert receiver.on("/new") == []


async def test_an_answer_is_read_up_to_its_limit(http: GuardedHttp, receiver: Receiver) -> None:
    receiver.script("/big", Say(body=b"x" * (3 * MAX_ANSWER_BYTES)))
    answer = await http.post("studio", Post(f"{receiver.url}/big", (), b""), SECOND)
    assert len(answer.body) == MAX_ANSWER_BYTES


async def test_a_target_that_hangs_is_a_timeout(http: GuardedHttp, receiver: Receiver) -> None:
    receiver.script("/hang", Say(until=asyncio.Event()))
    with pytest.raises(CallFailed) as failure:
        await http.post("studio", Post(f"{receiver.url}/hang", (), b""), timedelta(seconds=0.2))
    assert failure.value.fault is Fault.TIMEOUT


async def test_a_port_where_nobody_listens_is_a_network_fault(http: GuardedHttp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CallFailed) as failure:
        await http.post("studio", Post(f"http://127.0.0.1:{port}/", (), b""), SECOND)
    assert failure.value.fault is Fault.NETWORK


async def test_a_name_is_judged_by_what_it_resolves_to(receiver: Receiver) -> None:
    post = Post(f"http://localhost:{receiver.port}/", (), b"")
    async with GuardedHttp(LOOPBACK) as allowed:
        assert (await allowed.post("studio", post, SECOND)).status == 200
    async with GuardedHttp(AddressPolicy()) as strict:
        with pytest.raises(ForbiddenAddress):
            await strict.post("studio", post, SECOND)


async def test_the_environments_proxy_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, http: GuardedHttp, receiver: Receiver
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert (await http.post("studio", Post(f"{receiver.url}/", (), b""), SECOND)).status == 200


async def test_no_cookie_is_kept(http: GuardedHttp, receiver: Receiver) -> None:
    receiver.script("/", Say(headers={"Set-Cookie": "session=1"}))
    for _ in range(2):
        await http.post("studio", Post(f"{receiver.url}/", (), b""), SECOND)
    assert all("cookie" not in call.headers for call in receiver.calls)


async def test_the_names_of_one_tenant_keep_no_other_from_being_looked_up() -> None:
    """Also when the calls have long been given up: the system still looks for what hangs."""
    given_up = threading.Event()

    def lookup(host: str, *_: object, **__: object) -> Any:  # noqa: ANN401 - as the standard library's is typed
        if host.startswith("hangs"):
            given_up.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]

    with ThreadPoolExecutor(RESOLVER_THREADS) as threads:
        hostile, other = TenantResolver(threads, lookup), TenantResolver(threads, lookup)
        try:
            for _ in range(2):
                hanging = [asyncio.create_task(hostile.resolve(f"hangs-{n}.example")) for n in range(40)]
                await asyncio.wait(hanging, timeout=0.05)
                for task in hanging:
                    task.cancel()
                await asyncio.gather(*hanging, return_exceptions=True)
            found = await asyncio.wait_for(other.resolve("works.example"), 5)
        finally:
            given_up.set()
        assert [each["host"] for each in found] == ["192.0.2.1"]
        assert await hostile.resolve("works.example") == found, "its share is free again"
