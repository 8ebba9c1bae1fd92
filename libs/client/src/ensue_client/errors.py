"""What can go wrong between a program and the API, as types: below the one tree of `ensue.core.errors`.

    EnsueError
    ├── ClientError
    │   ├── NotFound        404: there is no such thing for this key
    │   ├── Conflict        409, 412: it is in another state than the request assumes, or a limit is reached
    │   └── Defect          anything that the API never promises: a 500, an answer that is not JSON
    ├── Rejected            400, 413, 415: the request is wrong, each fault with its place (an InvalidValue)
    ├── NotAllowed          401, 403: the key is missing, unknown or not good for this (an InvalidValue)
    └── ApiUnavailable      no answer, or 429, 502, 503, 504: ask again later (an Unavailable)

Raised by `client`; the command line turns them into exit codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue.core.json import Json

KEY_COMES_FROM = (
    "(The key that was sent is not valid there. It comes from --api-key, ENSUE_API_KEY or .ensue/dev.json.)"
)


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """One fault of a problem document, as the API named it."""

    pointer: str
    message: str
    expected: str | None = None

    def __str__(self) -> str:
        right = f" (right is: {self.expected})" if self.expected else ""
        return f"{self.pointer or '/'}: {self.message}{right}"


class ClientError(EnsueError):
    """The API answered something else than was asked for."""


class NotFound(ClientError):
    """There is no such thing, or it belongs to somebody else."""


class Conflict(ClientError):
    """The thing is in another state than the request assumes, or a limit is reached; `faults` name places, if any."""

    def __init__(self, message: str, faults: Sequence[FaultSeen] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {fault}" for fault in faults)]))
        self.faults = tuple(faults)


class Defect(ClientError):
    """An answer that the API never promises."""


class Rejected(InvalidValue):
    """The request is wrong; `faults` name each place."""

    def __init__(self, message: str, faults: Sequence[FaultSeen] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {fault}" for fault in faults)]))
        self.faults = tuple(faults)


class NotAllowed(InvalidValue):
    """The API key is missing, unknown or not good for this."""


class ApiUnavailable(Unavailable):
    """Nobody answers, or asks to come back later: after `retry_after` seconds, where it says so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def error_of(status: int, problem: Mapping[str, Json], retry_after: str = "") -> EnsueError:
    """The typed error of an answer. `problem`: its problem document (RFC 9457), empty where it sent none."""
    said = problem.get("detail") or problem.get("title") or f"the API answered {status}"
    message = str(said)
    match status:
        case 400 | 413 | 415 | 422:
            return Rejected(message, faults_of(problem.get("errors")))
        case 401:
            return NotAllowed(f"{message} {KEY_COMES_FROM}")
        case 403:
            return NotAllowed(message)
        case 404:
            return NotFound(message)
        case 409 | 412:
            return Conflict(message, faults_of(problem.get("errors")))
        case 429 | 502 | 503 | 504:
            return ApiUnavailable(message, float(retry_after) if retry_after.isdecimal() else None)
    return Defect(f"{message} (status {status})")


def faults_of(errors: Json) -> list[FaultSeen]:
    """The faults in a problem document, or in the answer of a validation."""
    if not isinstance(errors, Sequence) or isinstance(errors, str):
        return []
    return [_fault(error) for error in errors if isinstance(error, Mapping)]


def _fault(error: Mapping[str, Json]) -> FaultSeen:
    expected = error.get("expected")
    return FaultSeen(str(error.get("pointer", "")), str(error.get("message", "")), str(expected) if expected else None)
