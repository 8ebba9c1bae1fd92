"""Decoders: how an event is read, given what the rules read: as scalars, with arrays of scalars, or whole.

Which paths have arrays is learnt from the stream, so that an event like the last is decoded once. All ways agree.
Used by `engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from ensue.core.conditions.dialects.eventbridge import Path
from ensue.core.json import Json
from ensue.matching.arrays import Array, Place
from ensue.matching.leaves import Leaves, leaves_of_document, leaves_of_projection
from ensue.matching.projection import Layout

RUN_OF_DOCUMENTS: Final = 16
whole: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Decoders:
    """The ways to read an event.

    decode: a Struct of an event with scalars and, at the places of `listed`, arrays of scalars.
    struct: the same for `msgspec.convert`, of an event that is decoded already; its errors are those of `decode`.
    documents: for how many events no Struct is tried, because one lately fitted none.
    """

    __slots__ = ("_layout", "_readers", "_struct_of_lists", "decode", "documents", "listed", "struct")

    def __init__(self, layout: Layout, listed: Iterable[Path] = ()) -> None:
        """`listed`: paths where arrays are known to be."""
        self.documents = 0
        self._layout = layout
        self._readers = layout.readers()
        self._struct_of_lists = layout.struct(self._readers) if layout.can_be_projected else None
        self.listed: tuple[Place, ...] = ()
        self.decode: Callable[[bytes], Any] = _refuse
        self.struct: Any = None  # no object is converted to null
        self._expect([path for path in listed if path in self._readers])

    def _expect(self, paths: Sequence[Path]) -> None:
        """Be ready for arrays at `paths`."""
        if self._layout.can_be_projected:
            self.listed = tuple(Place.at(path, self._layout) for path in paths)
            self.struct = self._layout.struct(frozenset(paths))
            self.decode = msgspec.json.Decoder(self.struct).decode

    def with_arrays(self, event: bytes | Mapping[str, Json]) -> Any:  # noqa: ANN401  # of a Struct made just now
        """A Struct of an event with arrays of scalars anywhere, which are expected from now on; None if it has more."""
        kind = self._struct_of_lists
        try:
            if kind is None:
                return None
            made = msgspec.json.decode(event, type=kind) if isinstance(event, bytes) else msgspec.convert(event, kind)
        except msgspec.DecodeError:
            return None
        known = [place.path for place in self.listed]
        found = [path for path, read in self._readers.items() if read(made).__class__ is list]
        self._expect(list(dict.fromkeys(known + found)))
        return made

    def arrays(self, projected: object) -> list[Array]:
        """The arrays of a Struct, each with its place."""
        return [(place, value) for place in self.listed if (value := place.read(projected)).__class__ is list]

    def leaves(self, projected: object) -> Leaves:
        """The leaves of a Struct."""
        return leaves_of_projection(projected, self._readers)

    def leaves_of(self, document: Mapping[str, Json]) -> Leaves:
        """The leaves of any event."""
        return leaves_of_document(document, self._layout.root)


def _refuse(_: bytes) -> Any:  # noqa: ANN401  # never returns
    raise msgspec.ValidationError("names that no Struct can have")
