"""Where calls may go: a table of addresses, and a table of spellings tried on a real socket."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.receiver import listening

from ensue.actions.addresses import AddressPolicy, ForbiddenAddress
from ensue.actions.egress import CallFailed, GuardedHttp
from ensue.actions.kind import Post
from ensue.actions.urls import checked_url
from ensue.core.errors import EnsueError, InvalidValue


def table(name: str) -> list[str]:
    """One entry a line."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8").split()


FORBIDDEN = table("forbidden.txt")

PUBLIC = table("public.txt")

NO_ADDRESSES = ["", "localhost", "0x7f.1", "2130706433", "127.1", "0177.0.0.1", "1.2.3.4.5", "::1::", "1.2.3.4/8"]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_what_is_not_public_is_forbidden(address: str) -> None:
    assert not AddressPolicy().permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_reached(address: str) -> None:
    assert AddressPolicy().permits(address)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_forbidden(text: str) -> None:
    assert not AddressPolicy.allowing(["0.0.0.0/0", "::/0"]).permits(text)


def test_the_operator_may_allow_networks() -> None:
    policy = AddressPolicy.allowing(["127.0.0.0/8", " fd00::/8 ", ""])
    allowed = ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "fd00::1", "8.8.8.8"]
    assert [policy.permits(address) for address in allowed] == [True] * 5
    still = ["10.0.0.1", "::1", "2002:7f00:1::", "169.254.169.254"]
    assert [policy.permits(address) for address in still] == [False] * 4


@pytest.mark.parametrize("network", ["localhost", "10.0.0.1/33", "10.0.0.1/8", "10.0.0.0/8;"])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        AddressPolicy.allowing([network])


# Every way of writing loopback, private and link-local hosts that we know of.
SPELLINGS = table("spellings.txt")


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_reaches_the_inside(host: str) -> None:
    """Refused when it is saved, or at the latest where the socket is made; the listening socket never hears of it."""
    async with listening() as receiver, GuardedHttp(AddressPolicy()) as http:
        url = f"http://{host}:{receiver.port}/"
        if not refused_when_saved(url):
            with pytest.raises((ForbiddenAddress, CallFailed)) as refusal:
                await http.post("studio", Post(url, (), b"{}"), timedelta(seconds=5))
            assert_never_connected(refusal.value)
        assert receiver.calls == []


@pytest.mark.parametrize("host", SPELLINGS)
async def test_nor_without_the_check_at_saving(host: str) -> None:
    async with listening() as receiver, GuardedHttp(AddressPolicy()) as http:
        with pytest.raises((ForbiddenAddress, CallFailed)) as refusal:
            await http.post("studio", Post(f"http://{host}:{receiver.port}/", (), b"{}"), timedelta(seconds=5))
        assert_never_connected(refusal.value)
        assert receiver.calls == []


def refused_when_saved(url: str) -> bool:
    try:
        checked_url(url)
    except InvalidValue:
        return True
    return False


def assert_never_connected(error: EnsueError) -> None:
    """Forbidden, or a name that does not exist: never an answer of the network to a connection that was tried."""
    assert isinstance(error, ForbiddenAddress) or "not known" in str(error) or "No address" in str(error), error
