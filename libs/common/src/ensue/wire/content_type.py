"""The mode of a CloudEvent, from its content type alone (never from the presence of a `ce_` header)."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from ensue.wire.errors import DecodeError, DecodeReason

_CLOUDEVENTS = "application/cloudevents"
_CHARSETS = ("utf-8", "utf8", "us-ascii")


class ContentMode(Enum):
    """How an event lies in a record or request."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"


@lru_cache(maxsize=256)
def mode_of(content_type: str | None) -> ContentMode:
    """The mode that a content type means; DecodeError for a CloudEvents format other than JSON, or another charset."""
    if content_type is None:
        return ContentMode.BINARY
    media_type = _media_type(content_type)
    if not media_type.startswith(_CLOUDEVENTS):
        return ContentMode.BINARY
    if media_type == f"{_CLOUDEVENTS}+json":
        return ContentMode.STRUCTURED
    if media_type == f"{_CLOUDEVENTS}-batch+json":
        return ContentMode.BATCH
    raise _unsupported(content_type, f"{_CLOUDEVENTS}+json")


@lru_cache(maxsize=256)
def require_json(content_type: str | None) -> None:
    """Refuse data that is not JSON; an event that does not say what its data is has JSON."""
    if content_type is None:
        return
    media_type = _media_type(content_type)
    if media_type not in ("application/json", "text/json") and not media_type.endswith("+json"):
        raise _unsupported(content_type, "application/json")


def data_content_type(content_type: str | None, attributes: dict[str, str]) -> str | None:
    """What a binary event's data is. Takes `datacontenttype` out of `attributes`.

    The binding puts it into `content-type` alone; widespread SDKs write it as an attribute header too. Both must then
    be JSON.
    """
    repeated = attributes.pop("datacontenttype", None)
    require_json(repeated)
    return content_type if content_type is not None else repeated


def _media_type(content_type: str) -> str:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in _CHARSETS:
            raise _unsupported(content_type, "charset=utf-8")
    return media_type


def _unsupported(content_type: str, expected: str) -> DecodeError:
    message = f"content type {content_type[:100]!r} is not supported; expected {expected}"
    return DecodeError(DecodeReason.UNSUPPORTED_CONTENT_TYPE, message)
