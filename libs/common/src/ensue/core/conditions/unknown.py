"""Unknown names: a right-hand side names a calendar or a time zone that there is not. Raised by `parse` and `check` of
operators; `message_of` words it, as any other right-hand side that is wrong, for the readers of documents.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from ensue.core.errors import InvalidValue

_LOOKED_AT = 100  # characters of a name; a longer one is none


class UnknownName(InvalidValue):
    """There is nothing of this name; the text of the error is what would be right."""

    def __init__(self, kind: str, name: str, known: Collection[str], expected: str) -> None:
        super().__init__(expected)
        self._kind, self._name, self._known = kind, name, known

    @property
    def message(self) -> str:
        """What is wrong, with the name that was meant. To look for that takes longer than anything else here."""
        return f"names no {self._kind} that there is{self._hint()}"

    def _hint(self) -> str:
        names = {known.lower(): known for known in sorted(self._known)}
        meant = get_close_matches(self._name[:_LOOKED_AT].lower(), names, n=1)
        return f'; did you mean "{names[meant[0]]}"?' if meant else ""


def message_of(error: InvalidValue, operator: str) -> str:
    """What is wrong with a right-hand side of an operator; it continues "the value there"."""
    return error.message if isinstance(error, UnknownName) else f"cannot be compared by {operator}"
