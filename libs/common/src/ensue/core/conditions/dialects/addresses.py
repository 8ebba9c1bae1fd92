"""IP addresses as EventBridge patterns read them. Used by the reader and the matcher of `cidr`."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_V4: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")


def address_of(text: str) -> tuple[int, int] | None:
    """The version and the number of an IP address; None for any other text."""
    try:
        if _V4.fullmatch(text):  # octets are decimal, leading zeros included, as event-ruler reads them
            octets = [int(octet) for octet in text.split(".")]
            return (4, int.from_bytes(bytes(octets), "big"))
        if ":" in text and "%" not in text and "." not in text:
            return (6, int(ipaddress.IPv6Address(text)))
    except ValueError:
        return None
    return None
