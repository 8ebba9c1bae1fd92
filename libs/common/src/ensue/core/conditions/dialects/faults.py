"""What is wrong with a condition of another dialect: every fault at once, by JSON pointer into the dialect's document.

Raised by the parsers of this package; `ensue.wire` puts its own place before each pointer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ensue.core.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class DialectFault:
    """One thing that is wrong. `pointer` is a JSON pointer (RFC 6901); `expected` says what would be right."""

    pointer: str
    message: str
    expected: str | None = None


class DialectInvalid(InvalidValue):
    """A document of another dialect is wrong, or says what ours (or theirs) cannot; `faults` has at least one."""

    def __init__(self, faults: Sequence[DialectFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(_worded(fault) for fault in self.faults))


def step(pointer: str, name: str | int) -> str:
    """The pointer of a member or element of what `pointer` names."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _worded(fault: DialectFault) -> str:
    place = f"{fault.pointer} " if fault.pointer else ""
    return f"{place}{fault.message}" + (f" (expected {fault.expected})" if fault.expected else "")
