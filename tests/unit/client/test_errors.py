"""Every answer of the API that is not what was asked for becomes one typed error, with what it said."""

from __future__ import annotations

import pytest

from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue.core.json import JsonObject
from ensue_client.errors import ApiUnavailable, ClientError, Conflict, Defect, NotAllowed, NotFound, Rejected, error_of


@pytest.mark.parametrize(
    ("status", "kind", "family"),
    [
        (400, Rejected, InvalidValue),
        (413, Rejected, InvalidValue),
        (415, Rejected, InvalidValue),
        (401, NotAllowed, InvalidValue),
        (403, NotAllowed, InvalidValue),
        (404, NotFound, ClientError),
        (409, Conflict, ClientError),
        (412, Conflict, ClientError),
        (429, ApiUnavailable, Unavailable),
        (502, ApiUnavailable, Unavailable),
        (503, ApiUnavailable, Unavailable),
        (500, Defect, ClientError),
        (302, Defect, ClientError),
    ],
)
def test_a_status_has_one_type(status: int, kind: type[EnsueError], family: type[EnsueError]) -> None:
    error = error_of(status, {"detail": "what it said"})
    assert type(error) is kind
    assert isinstance(error, family)
    assert "what it said" in str(error)


def test_a_wrong_request_names_every_place() -> None:
    problem: JsonObject = {
        "detail": "two faults",
        "errors": [
            {"pointer": "/name", "message": "is missing", "expected": "1 to 200 characters"},
            {"pointer": "", "message": "is not an object"},
        ],
    }
    error = error_of(400, problem)
    assert isinstance(error, Rejected)
    assert [fault.pointer for fault in error.faults] == ["/name", ""]
    assert "/name: is missing (right is: 1 to 200 characters)" in str(error)


def test_a_key_that_is_not_taken_says_where_it_came_from() -> None:
    assert "ENSUE_API_KEY" in str(error_of(401, {"detail": "A key is needed."}))


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)])
def test_a_busy_api_may_say_when_to_come_back(header: str, seconds: float | None) -> None:
    error = error_of(503, {}, header)
    assert isinstance(error, ApiUnavailable)
    assert error.retry_after == seconds


@pytest.mark.parametrize("problem", [{}, {"errors": "none"}, {"errors": [None, 3]}, {"detail": None}])
def test_a_malformed_problem_is_still_a_typed_error(problem: JsonObject) -> None:
    assert isinstance(error_of(400, problem), Rejected)


def test_a_limit_that_is_reached_names_what_would_help() -> None:
    fault = {"pointer": "/where", "message": "would be asked about every event", "expected": "a test in all"}
    error = error_of(409, {"detail": "This project has as many as it may have.", "errors": [fault]})
    assert isinstance(error, Conflict)
    assert str(error).splitlines()[1] == "  /where: would be asked about every event (right is: a test in all)"
