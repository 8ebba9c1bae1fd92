"""cidr: a text that is an IP address (of version 4 or 6) in this network, or in one of these."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, listed, on_text
from ensue.core.conditions.wording import one_of
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

MAX_NETWORKS: Final = 100
_EXPECTED: Final = f'a network such as "10.0.0.0/8" or "2001:db8::/32", or a list of at most {MAX_NETWORKS}'
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
V4: Final = rf"^{_OCTET}([.]{_OCTET}){{3}}$"
_GROUP: Final = "[0-9A-Fa-f]{1,4}"
_LAST: Final = rf"({_GROUP}:{_GROUP}|{_OCTET}([.]{_OCTET}){{3}})"
# RFC 3986: `::` stands for one group or more; before it are up to 0, 1, ... 5 groups, after it so many fewer.
_SHORT: Final = "|".join(
    rf"({_GROUP}(:{_GROUP}){{0,{before - 1}}})?::({_GROUP}:){{{5 - before}}}{_LAST}"
    if before
    else rf"::({_GROUP}:){{5}}{_LAST}"
    for before in range(6)
)
_SHORTEST: Final = rf"({_GROUP}(:{_GROUP}){{0,5}})?::{_GROUP}|({_GROUP}(:{_GROUP}){{0,6}})?::"
V6: Final = rf"^(({_GROUP}:){{6}}{_LAST}|{_SHORT}|{_SHORTEST})$"


def _network(value: Json) -> IPv4Network | IPv6Network:
    if not isinstance(value, str) or "/" not in value or "%" in value:
        raise InvalidValue(_EXPECTED)
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        raise InvalidValue(_EXPECTED) from None
    if not value.endswith(f"/{network.prefixlen}"):  # a netmask, which PostgreSQL does not read
        raise InvalidValue(_EXPECTED)
    return network


def _parse(value: Json) -> Json:
    networks = listed(value)
    if not 1 <= len(networks) <= MAX_NETWORKS:
        raise InvalidValue(_EXPECTED)
    for network in networks:
        _network(network)
    return value


def _test(wanted: Json) -> ValueTest:
    networks = [_network(network) for network in listed(wanted)]

    def within(actual: str) -> bool:
        address = _address(actual)
        return address is not None and any(address in network for network in networks)

    return on_text(within)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return IPv6Address(text) if ":" in text and "%" not in text else IPv4Address(text)
    except ValueError:
        return None


def _sql(place: SqlPlace) -> SqlTest:
    text = place.text()
    networks = place.bind([str(_network(network)) for network in listed(place.value)], "text[]")
    valid = f"({text} ~ {place.shared(V4, 'text')} OR {text} ~ {place.shared(V6, 'text')})"
    return place.on_text(f"CASE WHEN {valid} THEN {text}::inet <<= ANY ({networks}::inet[]) ELSE false END")


OPERATOR = Operator(
    name="cidr",
    parse=_parse,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is an address in {one_of(value)}",
)
