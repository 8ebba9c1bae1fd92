"""Files that commands read, `-` being the standard input. Called by `ensue check`, `match` and `explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

STDIN: Final = Path("-")


def read_content(path: Path) -> bytes:
    """The bytes of a file or of the input; OSError where it cannot be read."""
    return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()


def unreadable(error: OSError) -> str:
    """What there is to say of a file that cannot be read."""
    return f"cannot be read: {error.strerror or type(error).__name__}"
