"""`If-Match` (RFC 9110): a change that is meant for one revision only. The ETag of what is kept is its revision.

Called by the routes of triggers and of calendars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from fastapi import Request, Response

from ensue.wire.documents import Fault
from trigger_api.problems import invalid

_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_REVISION: Final = re.compile(r'"([1-9][0-9]{0,9})"')


@dataclass(frozen=True, slots=True)
class Condition:
    """The revisions that the caller accepts; None accepts whatever is there."""

    revisions: frozenset[int] | None = None

    def admits(self, revision: int) -> bool:
        """Whether what is kept, at this revision, is what the caller means."""
        return self.revisions is None or revision in self.revisions


class Revised(Protocol):
    """An answer about something that has revisions."""

    @property
    def revision(self) -> int: ...


Answer = TypeVar("Answer", bound=Revised)


def parameter(what: str) -> dict[str, Any]:
    """The header in the OpenAPI document; `what` is what it is about."""
    return {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": f"The ETag that the {what} must still have; else 412.",
    }


def condition_of(request: Request) -> Condition:
    """What a request asks for; a Problem (400) where it cannot be understood."""
    headers = request.headers.getlist("if-match")
    return parse_if_match(", ".join(headers) if headers else None)


def tagged(response: Response, answer: Answer) -> Answer:
    """The answer, its response with the ETag that it has."""
    response.headers["ETag"] = etag_of(answer.revision)
    return answer


def etag_of(revision: int) -> str:
    """A strong ETag."""
    return f'"{revision}"'


def parse_if_match(header: str | None) -> Condition:
    """The condition; a Problem (400) for a header that is none. Weak tags are understood and never match."""
    if header is None or header.strip() == "*":
        return Condition()
    tags = [part.strip() for part in header.split(",")]
    if not all(_TAG.fullmatch(tag) for tag in tags):
        raise invalid([Fault("/headers/if-match", "is not a list of entity tags", 'for example "3", or *')])
    return Condition(frozenset(int(found[1]) for tag in tags if (found := _REVISION.fullmatch(tag))))
