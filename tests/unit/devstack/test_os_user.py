"""Whether another user may go down a path, as root must know before it hands a folder to one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ensue_devstack.os_user import OsUser, can_reach

STRANGER = OsUser("stranger", 54_321, 54_321)


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    """A folder that everyone may enter, if they may enter the one above it; all above that are open."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):  # noqa: S108 - pytest's own folders
            folder.chmod(0o711)
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    return inner


def test_every_folder_on_the_way_must_let_one_through(inner: Path) -> None:
    if not can_reach(STRANGER, inner.parents[1]):
        pytest.skip("the folder for temporary files is closed to others")
    inner.parent.chmod(0o711)
    assert can_reach(STRANGER, inner)
    assert can_reach(STRANGER, inner / "not there yet")
    inner.parent.chmod(0o700)
    assert not can_reach(STRANGER, inner)


def test_owner_and_group_are_judged_by_their_own_bits(inner: Path) -> None:
    if not can_reach(STRANGER, inner.parents[1]):
        pytest.skip("the folder for temporary files is closed to others")
    status = inner.parent.stat()
    inner.parent.chmod(0o701)
    assert can_reach(OsUser("owner", status.st_uid, 0), inner)
    assert can_reach(STRANGER, inner)
    assert not can_reach(OsUser("of the group", 54_321, status.st_gid), inner)
