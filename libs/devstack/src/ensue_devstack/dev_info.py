"""`.ensue/dev.json`: how any other program joins a running stack. Written by the supervisor, read by everyone."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ensue_devstack.layout import Layout, write_private


class DevInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and keys of a running stack. Without services there is no API, no key and nothing in `metrics`.

    database_url: the administrator's. metrics: by service.
    """

    api_url: str | None
    kafka_bootstrap: str
    database_url: str
    api_key: str | None
    admin_api_key: str | None
    metrics: Mapping[str, str]
    topic_prefix: str = ""


def write_info(layout: Layout, info: DevInfo) -> None:
    """Readable by its owner alone: it holds keys."""
    write_private(layout.dev_info, msgspec.json.format(msgspec.json.encode(info), indent=2).decode() + "\n")


def read_info(layout: Layout) -> DevInfo | None:
    """What was written, or None if there is nothing that can be read."""
    try:
        return msgspec.json.decode(layout.dev_info.read_bytes(), type=DevInfo)
    except (OSError, msgspec.MsgspecError):
        return None
