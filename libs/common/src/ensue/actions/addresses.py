"""Which network addresses a call may reach: public ones, and those that the operator's settings allow.

Judged on the resolved address at connect time (`ensue.actions.egress`), so that neither an odd spelling nor a name that
changes its answer gets around it. The list is explicit: `ipaddress.is_global` of the standard library says yes to NAT64
and 6to4 forms of private addresses, to multicast and to others. Sources: the IANA special-purpose address registries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from ensue.core.errors import EnsueError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

DENIED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this host": connects to loopback on Linux
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata lives here too
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent on a public address
        "169.254.0.0/16",  # link-local: instance metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_V6 = IPv6Network("2000::/3")
DENIED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: whatever IPv4 address it embeds
        "3ffe::/16",
        "3fff::/20",
    )
)
NAT64 = IPv6Network("64:ff9b::/96")


class ForbiddenAddress(EnsueError):
    """A call would have reached an address that it must not reach. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be reached: public addresses and `allowed` (given by the operator, never by a trigger)."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def allowing(cls, networks: Iterable[str]) -> AddressPolicy:
        """The policy with these CIDRs beside the public ones. Raises ValueError for what is no CIDR."""
        return cls(tuple(ip_network(network.strip()) for network in networks if network.strip()))

    def permits(self, text: str) -> bool:
        """Whether an address, in the spelling of a resolver, may be reached. What is no address may not."""
        try:
            address = unwrapped(ip_address(text))
        except ValueError:
            return False
        return any(address in network for network in self.allowed) or is_public(address)


def unwrapped(address: Address) -> Address:
    """The IPv4 address that a mapped or NAT64 address leads to, else the address itself.

    6to4 and Teredo are left as they are: they are refused whole.
    """
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether an unwrapped address belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in DENIED_V4)
    return address in GLOBAL_V6 and not any(address in network for network in DENIED_V6)
