"""Ids that can be foretold. The double of `ensue.runtime.ids.SystemIds`."""

from __future__ import annotations

from uuid import UUID


class SequentialIds:
    """UUID(int=1), UUID(int=2), ..."""

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def new(self) -> UUID:
        """The next id."""
        value = UUID(int=self._next)
        self._next += 1
        return value
