"""Which numbers `numeric` of an EventBridge pattern compares: those that a double holds exactly, as in event-ruler."""

from __future__ import annotations

from typing import Final

EXACT: Final = 1 << 53  # up to here every whole number is a double


def fits_a_double(number: float) -> bool:
    """Whether a number is exactly an IEEE double; a whole number above 2**53 may not be."""
    if isinstance(number, float) or -EXACT <= number <= EXACT:
        return True
    try:
        return int(float(number)) == number
    except OverflowError:
        return False
