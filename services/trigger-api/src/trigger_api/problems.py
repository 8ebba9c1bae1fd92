"""Problem Details (RFC 9457): the one shape of every error answer, and the closed list of what can go wrong.

Raised by routes, commands and queries; turned into an answer by `install` (expected failures, and the framework's own)
and by `telemetry` (defects). Nothing here ever repeats what a request held, nor the text of an unexpected exception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ensue.core.errors import EnsueError, Unavailable
from ensue.wire.documents import DocumentInvalid, Fault

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2
_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: its URN's last part, its status, its title."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The `type` member."""
        return f"urn:ensue:problem:{self.slug}"


INVALID: Final = ProblemType("invalid-content", 400, "The request is not valid")
UNAUTHENTICATED: Final = ProblemType("unauthenticated", 401, "A valid API key is needed")
FORBIDDEN: Final = ProblemType("forbidden", 403, "This key may not do that")
NOT_FOUND: Final = ProblemType("not-found", 404, "There is no such thing")
METHOD: Final = ProblemType("method-not-allowed", 405, "The method is not allowed here")
CONFLICT: Final = ProblemType("conflict", 409, "Something that is there stands in the way")
PRECONDITION: Final = ProblemType("precondition-failed", 412, "The revision is another one")
TIMEOUT: Final = ProblemType("request-timeout", 408, "The request took too long to arrive")
TOO_LARGE: Final = ProblemType("too-large", 413, "The request is too large")
MEDIA: Final = ProblemType("unsupported-media-type", 415, "The content type is not supported")
LIMIT_REACHED: Final = ProblemType("limit-reached", 409, "A limit of this project is reached")
HEAD_TOO_LARGE: Final = ProblemType("head-too-large", 431, "The request's address and headers are too large")
INTERNAL: Final = ProblemType("internal-error", 500, "Something unexpected happened")
UNAVAILABLE: Final = ProblemType("unavailable", 503, "A server behind this one does not answer")

ALL: Final = (
    INVALID,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD,
    TIMEOUT,
    CONFLICT,
    PRECONDITION,
    TOO_LARGE,
    MEDIA,
    LIMIT_REACHED,
    HEAD_TOO_LARGE,
    INTERNAL,
    UNAVAILABLE,
)


class FaultModel(BaseModel):
    """One fault and its place."""

    pointer: str = Field(description="JSON pointer into the body; /query/..., /headers/... or /path/... elsewhere.")
    message: str = Field(description="What is wrong.")
    expected: str | None = Field(default=None, description="What would be right.")


class ProblemModel(BaseModel):
    """An error answer (RFC 9457), `application/problem+json`."""

    type: str = Field(examples=[INVALID.uri])
    title: str = Field(examples=[INVALID.title])
    status: int = Field(examples=[400])
    detail: str
    instance: str | None = Field(default=None, description="The request, as it is named in our logs.")
    errors: list[FaultModel] = Field(default_factory=list, description="Every fault, each with its place.")


class Problem(EnsueError):
    """A request ends here with this answer."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})


def invalid(faults: Sequence[Fault]) -> Problem:
    """400 with every fault."""
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return Problem(INVALID, f"The request has {count}; see errors.", faults=faults)


def not_found(what: str) -> Problem:
    """404. Another tenant's things are not found either."""
    return Problem(NOT_FOUND, f"There is no such {what}.")


def unavailable(detail: str) -> Problem:
    """503 with the time after which repeating makes sense."""
    return Problem(UNAVAILABLE, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def body_of(problem: Problem, *, instance: str | None = None) -> bytes:
    """The problem document."""
    document: dict[str, object] = {
        "type": problem.kind.uri,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "errors": [
            {"pointer": fault.pointer, "message": fault.message, "expected": fault.expected} for fault in problem.faults
        ],
    }
    if instance is not None:
        document["instance"] = instance
    # ASCII: a fault may quote a name that no encoder can write as UTF-8 (a lone surrogate).
    return json.dumps(document).encode("ascii")


def answer(problem: Problem) -> Response:
    """The problem as an answer."""
    return Response(body_of(problem), problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every expected failure, and the framework's own, as a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(DocumentInvalid, _on_document)
    app.add_exception_handler(Unavailable, _on_unavailable)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class alone
    return answer(error)


async def _on_document(_: Request, error: Exception) -> Response:
    assert isinstance(error, DocumentInvalid)  # noqa: S101 - registered for this class alone
    return answer(invalid(error.faults))


async def _on_unavailable(_: Request, __: Exception) -> Response:
    return answer(unavailable("A server that this needs does not answer; repeat the request a little later."))


async def _on_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    return answer(invalid([_fault(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]))


def _fault(place: Sequence[str | int], kind: str, message: str) -> Fault:
    """A parameter's fault without what was given: pydantic's `input` is left out on purpose."""
    pointer = "".join(f"/{part}" for part in place)
    if kind == "extra_forbidden":
        return Fault(pointer, "is not a parameter of this operation", None)
    return Fault(pointer, "is missing or wrong", message)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    headers = dict(error.headers or {})
    if error.status_code == METHOD.status:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    kind = next((known for known in ALL if known.status == error.status_code), None)
    if kind is None:
        kind = INVALID if error.status_code < INTERNAL.status else INTERNAL
    detail = {NOT_FOUND: "There is no such address.", METHOD: "This address does not know that method."}
    return answer(Problem(kind, detail.get(kind, kind.title + "."), headers=headers))


def _methods_at(request: Request) -> set[str]:
    """What the address of a request does know; the framework names only what its first route for it knows."""
    known: set[str] = set()
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            known.add(method)
    return known
