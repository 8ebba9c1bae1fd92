"""What is wrong with a document from a person: every fault at once, each with its place and what would be right.

Raised by the readers of documents and requests in this package; shown by trigger-api and by `ensue check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from ensue.core.errors import EnsueError

MAX_FAULTS: Final = 100
_MAX_POINTER = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `pointer` is a JSON pointer (RFC 6901) into the document; `message` continues "the value there"."""

    pointer: str
    message: str
    expected: str | None = None


class DocumentInvalid(EnsueError):
    """A document or request is wrong; `faults` has at least one, in the order of the document where it has one."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(_sentence(fault) for fault in faults))
        self.faults = tuple(faults)


class Faults:
    """Collects faults while a document is read; beyond the hundredth they help nobody and are not kept."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found)

    @property
    def is_full(self) -> bool:
        """Whether one more would not be kept."""
        return len(self._found) >= MAX_FAULTS

    def add(self, pointer: str, message: str, expected: str | None = None) -> None:
        """Note one fault."""
        if not self.is_full:
            self._found.append(Fault(pointer[:_MAX_POINTER], message, expected))

    def add_unknown(self, pointer: str, name: str, known: Iterable[str], what: str, meant: str | None = None) -> None:
        """Note a name that is none of `known`, with the one that was meant or is most like it."""
        if self.is_full:
            return  # looking for what was meant costs more than all the rest
        names = sorted(known)
        meant = meant or next(iter(get_close_matches(name[:100], names, n=1)), None)
        hint = f'; did you mean "{meant}"?' if meant else ""
        self.add(pointer, f"is not a known {what}{hint}", f"one of {', '.join(names)}")

    def with_others(self, others: Faults) -> Faults:
        """These and of `others` those that lie elsewhere: on the way to one of these they would say it twice."""
        both = Faults()
        both._found = [*self._found]
        own = [f"{fault.pointer}/" for fault in self._found if fault.pointer]
        for fault in others._found:
            if not any(f"{fault.pointer}/".startswith(way) or way.startswith(f"{fault.pointer}/") for way in own):
                both.add(fault.pointer, fault.message, fault.expected)
        return both

    def raise_any(self) -> None:
        """Raise DocumentInvalid if there was a fault."""
        if self._found:
            raise DocumentInvalid(self._found)


def step(pointer: str, name: str | int) -> str:
    """The pointer to a member of what `pointer` points to."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _sentence(fault: Fault) -> str:
    expected = f" (expected {fault.expected})" if fault.expected else ""
    return f"{fault.pointer or 'the document'} {fault.message}{expected}"
