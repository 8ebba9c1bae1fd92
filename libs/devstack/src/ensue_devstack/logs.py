"""Reads the logs of a stack, and goes on reading. Called by `ensue dev logs`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ensue.core.errors import InvalidValue
from ensue_devstack.layout import Layout

LOOK_SECONDS = 0.2
TAIL_BYTES = 1_000_000


def log_files(layout: Layout, process: str | None) -> dict[str, Path]:
    """The logs that there are, by process; or that of one. InvalidValue, naming what there is, if it has none."""
    found = {path.stem: path for path in sorted(layout.logs.glob("*.log"))}
    if process is None:
        return found
    if process not in found:
        raise InvalidValue(f"no log of {process!r}; there are: {', '.join(found) or 'none yet'}")
    return {process: found[process]}


def last_lines(files: Mapping[str, Path], count: int) -> Iterator[tuple[str, str]]:
    """The last lines of each file, with the process that wrote them."""
    for name, path in files.items():
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        yield from ((name, line) for line in lines[len(lines) - min(count, len(lines)) :])


def follow(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Every whole line that is written after this call, without end. A file begun anew is read from its start."""
    return _lines_from({name: path.stat().st_size for name, path in files.items()}, files)


def _lines_from(read: dict[str, int], files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    while True:
        for name, path in files.items():
            for line, end in _lines_after(path, read[name]):
                read[name] = end
                yield name, line
        time.sleep(LOOK_SECONDS)


def _lines_after(path: Path, start: int) -> Iterator[tuple[str, int]]:
    """Each whole line after `start`, and where it ends."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return
    with path.open("rb") as file:
        file.seek(start if start <= size else 0)
        for line in file:
            if line.endswith(b"\n"):
                yield line.decode(errors="replace").rstrip("\n"), file.tell()
