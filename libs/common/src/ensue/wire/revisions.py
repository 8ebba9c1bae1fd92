"""The revision of what travels on `ensue.triggers`: a header, so that tombstones have it too. Used by both codecs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ensue.wire.errors import DecodeError, DecodeReason
from ensue.wire.headers import REVISION

Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_REVISIONS = msgspec.json.Decoder(Revision)


def revision_header(revision: int) -> tuple[str, bytes]:
    """The header of this revision."""
    return REVISION, str(revision).encode()


def read_revision(headers: Sequence[tuple[str, bytes | None]]) -> int:
    """The revision in the headers; DecodeError (invalid_record) unless it stands there once."""
    values = [value for name, value in headers if name == REVISION]
    if len(values) != 1:
        raise _invalid(f"the header {REVISION} must stand there once, not {len(values)} times")
    try:
        return _REVISIONS.decode(values[0] or b"")
    except (msgspec.MsgspecError, ValueError):
        raise _invalid(f"the header {REVISION} is not a whole number from 1") from None


def _invalid(message: str) -> DecodeError:
    return DecodeError(DecodeReason.INVALID_RECORD, message)
