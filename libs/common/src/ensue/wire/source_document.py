"""One document of a file, with the place of every value; and a file that holds none. Made by `document_files`.

Passed on to whoever reads a document and words its faults at their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ensue.core.errors import EnsueError
from ensue.core.json import Json
from ensue.wire.json_places import Place, SyntaxFault


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One document of a file. `places` is by JSON pointer within the document."""

    value: Json
    places: Mapping[str, Place]
    faults: tuple[SyntaxFault, ...] = ()

    def place_of(self, pointer: str) -> Place | None:
        """Where the value at `pointer` stands, or what would have held it."""
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer)


class FileInvalid(EnsueError):
    """A file is no YAML or JSON at all."""

    def __init__(self, fault: SyntaxFault) -> None:
        super().__init__(fault.message)
        self.fault = fault
