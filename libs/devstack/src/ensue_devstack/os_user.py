"""As root, PostgreSQL must run as somebody else (it refuses root): finds or makes that user. Called by its server.

As any other user nothing of this is needed: everything runs as that user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ensue.core.errors import Unavailable

OWN_NAME = "ensue-devstack"
OTHERS = ("postgres", "nobody")
WAYS_TO_MAKE_ONE = (
    ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", OWN_NAME),
    ("adduser", "-S", "-D", "-H", "-s", "/bin/false", OWN_NAME),  # BusyBox
)


@dataclass(frozen=True, slots=True)
class OsUser:
    """Somebody other than root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def named(cls, name: str) -> OsUser | None:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_user() -> OsUser | None:
    """Who runs PostgreSQL; None: whoever runs this. As root, a user made for it, else an existing one."""
    if os.geteuid() != 0:
        return None
    found = OsUser.named(OWN_NAME) or _made() or next(filter(None, map(OsUser.named, OTHERS)), None)
    if found is None:
        raise Unavailable(
            f"PostgreSQL does not run as root, and the user {OWN_NAME!r} could not be made.\n"
            f"  Make it (useradd --system {OWN_NAME}), or run as another user, or name a server with DATABASE_URL."
        )
    return found


def can_reach(user: OsUser, path: Path) -> bool:
    """Whether `user` may go through every folder down to and into `path` (as far as it exists)."""
    return all(_may_enter(user, folder.stat()) for folder in (path, *path.parents) if folder.is_dir())


def _may_enter(user: OsUser, folder: os.stat_result) -> bool:
    if folder.st_uid == user.uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == user.gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _made() -> OsUser | None:
    for program, *arguments in WAYS_TO_MAKE_ONE:
        path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if path is not None:
            subprocess.run([path, *arguments], capture_output=True, check=False)  # noqa: S603 - the system's own tool
            made = OsUser.named(OWN_NAME)  # also when another process was quicker
            if made is not None:
                return made
    return None
