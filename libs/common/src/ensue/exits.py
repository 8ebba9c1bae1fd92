"""The exit codes of every `ensue` command, in one place. Used by the command line and by the commands it loads."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the end of a command says; scripts rely on these numbers.

    A command rarely names INVALID or UNAVAILABLE itself: it raises an EnsueError, and `ensue.cli` chooses.
    """

    DONE = 0  # it was done, or the answer is yes
    NO = 1  # it was asked rightly, and the answer is no
    INVALID = 2  # the input is wrong: an argument, a document, a key
    UNAVAILABLE = 3  # a server is away
