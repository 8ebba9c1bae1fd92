"""What is still there once the garbage is collected."""

from __future__ import annotations

import gc


def alive(kind: type) -> int:
    """How many objects of this type."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())
