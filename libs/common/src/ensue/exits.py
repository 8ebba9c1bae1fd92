"""The exit codes of every command, in one place. Used by `ensue`, its commands, and those of services."""

from __future__ import annotations

from enum import IntEnum

from ensue.core.errors import EnsueError, InvalidValue, Unavailable
from ensue.wire.faults import DocumentInvalid


class ExitCode(IntEnum):
    """What the end of a command says; scripts rely on these numbers.

    A command rarely names INVALID or UNAVAILABLE itself: it raises an EnsueError, and `exit_code_of` chooses.
    """

    DONE = 0  # it was done, or the answer is yes
    NO = 1  # it was asked rightly, and the answer is no
    INVALID = 2  # the input is wrong: an argument, a document, a key, the address of a database
    UNAVAILABLE = 3  # a server is away


def exit_code_of(error: EnsueError) -> ExitCode:
    """The exit code that tells a script what kind of failure this was."""
    if isinstance(error, Unavailable):
        return ExitCode.UNAVAILABLE
    if isinstance(error, (InvalidValue, DocumentInvalid)):
        return ExitCode.INVALID
    return ExitCode.NO
