"""What went wrong becomes a sentence and an exit code, in one place; a defect is not hidden."""

from __future__ import annotations

import pytest

from ensue.cli import assemble, explain, installed_commands
from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue.exits import ExitCode, exit_code_of
from ensue.wire.faults import DocumentInvalid, Fault

WRONG = DocumentInvalid([Fault("/name", "is missing", "1 to 200 characters"), Fault("", "is empty")])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("Kafka is away"), ExitCode.UNAVAILABLE),
        (InvalidValue("no such thing"), ExitCode.INVALID),
        (WRONG, ExitCode.INVALID),
        (EnsueError("no"), ExitCode.NO),
    ],
)
def test_an_expected_failure_has_one_exit_code(error: EnsueError, code: ExitCode) -> None:
    assert exit_code_of(error) is code


def test_a_wrong_document_has_a_line_for_each_place() -> None:
    assert explain(WRONG).splitlines() == [
        "ensue: the document is wrong",
        "  /name: is missing (1 to 200 characters)",
        "  /: is empty",
    ]


def test_every_other_failure_is_one_line() -> None:
    assert explain(Unavailable("Kafka is away")) == "ensue: Kafka is away\n"


def test_only_the_command_that_is_named_is_loaded() -> None:
    assert {"publish", "log", "dev", "topics"} <= set(installed_commands())
    assert len(assemble(["log"]).registered_commands) == 1
    assert assemble(["log"]).registered_groups == []
