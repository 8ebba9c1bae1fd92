"""Addresses written by people, with templates in path and query alone.

Scheme, host and port are fixed when the trigger is saved: no event can choose where a call goes. What an event does put
into path or query is percent-encoded, so it stays one piece of it. Used by the webhook kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, unquote

from yarl import URL

from ensue.actions.texts import plain_text
from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue.core.template import render

MAX_URL = 4096
_PARTS = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#\\]*)(?P<rest>[^#]*)\Z", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NUMERIC_LABEL = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\"<>\\^`]")


def checked_url(template: str) -> str:
    """The URL template itself if it is sound; raises InvalidValue saying what is wrong with it."""
    if len(template) > MAX_URL:
        raise InvalidValue(f"a URL has at most {MAX_URL} characters")
    match = _PARTS.match(template)
    if match is None:
        raise InvalidValue("a URL must be http:// or https://, a host, and a path, without a fragment")
    _check_authority(match["authority"])
    if _UNSAFE.search(_PLACEHOLDER.sub("", match["rest"])):
        raise InvalidValue("path and query must be percent-encoded ASCII: no space, quote or backslash")
    try:
        URL(f"{match['scheme']}://{match['authority']}/")
    except ValueError as error:
        raise InvalidValue(f"the URL cannot be read: {error}") from None
    return template


def _check_authority(authority: str) -> None:
    if "{" in authority or "}" in authority:
        raise InvalidValue("host and port are fixed: templates may stand in path and query alone")
    if "@" in authority:
        raise InvalidValue("a URL must not carry a user or a password")
    host, _, port = authority.rpartition(":") if re.search(r":[^\]]*\Z", authority) else (authority, "", "")
    if ":" in authority.rpartition("]")[2] and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise InvalidValue("a port is a number from 1 to 65535")
    _check_host(host)


def _check_host(host: str) -> None:
    if not host.isascii():
        raise InvalidValue("the host must be ASCII: an international name is written xn--...")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else None
    if not host or host.endswith(".") or "%" in host or _UNSAFE.search(host) or (bare is None and "[" in host):
        raise InvalidValue("the host must be a name or an address")
    try:
        if bare is not None:
            IPv6Address(bare)
        elif _NUMERIC_LABEL.match(host.rpartition(".")[2]):
            IPv4Address(host)
    except AddressValueError:
        raise InvalidValue(f"{host} is neither a name, nor four decimal parts, nor an IPv6 address") from None


def host_of(url: str) -> str:
    """Host and port that a sound URL leads to, in lower case: what shares a limit."""
    match = _PARTS.match(url)
    return match["authority"].lower() if match else ""


def filled_url(template: str, scope: Mapping[str, Json]) -> str:
    """The URL with every placeholder filled and percent-encoded.

    Raises TemplateError where a value is missing, InvalidValue where the result is too long or its path would climb.
    """
    match = _PARTS.match(template)
    if match is None:
        raise InvalidValue("a URL must be http:// or https://, a host, and a path, without a fragment")
    rest = _PLACEHOLDER.sub(lambda found: quote(plain_text(render(found[0], scope)), safe=""), match["rest"])
    if rest != match["rest"] and any(part in {".", ".."} for part in unquote(rest.partition("?")[0]).split("/")):
        raise InvalidValue("a value put into the path must not be . or ..")
    url = f"{match['scheme']}://{match['authority']}{rest}"
    if len(url) > MAX_URL:
        raise InvalidValue(f"the filled URL has more than {MAX_URL} characters")
    return url
