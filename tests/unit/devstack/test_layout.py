"""The folder of a stack: what is kept, and who may read it."""

from __future__ import annotations

import stat
from pathlib import Path

from ensue_devstack.layout import Layout, Secrets, keep_secrets, read_json, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_written_file_is_its_owners_alone_and_replaces_the_former_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    file.write_text("{}")
    file.chmod(0o644)

    write_private(file, '{"a": 1}')

    assert read_json(file) == {"a": 1}
    assert mode(file) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_read_as_an_object_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert read_json(file) == {}
    for text in ("", "{", "[1]", '"text"'):
        file.write_text(text)
        assert read_json(file) == {}


def test_secrets_are_made_once_and_stay(tmp_path: Path) -> None:
    layout = Layout.of(tmp_path)
    layout.make()

    first = Secrets.kept(layout)
    keep_secrets(layout, {"api_key": "a key"})
    second = Secrets.kept(layout)

    assert second == first
    assert read_json(layout.secrets)["api_key"] == "a key"
    assert mode(layout.secrets) == 0o600
    assert first.webhook_secret.startswith("whsec_")
    assert Secrets.kept(made(tmp_path / "other")) != first


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    layout = made(tmp_path)
    assert mode(layout.home) & (stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH) == 0
    assert mode(layout.logs) == 0o700


def test_a_stack_is_the_same_by_whatever_path_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    direct, linked = Layout.of(tmp_path / "project"), Layout.of(tmp_path / "link")
    assert linked.marker() == direct.marker()
    assert linked.identity == direct.identity
    assert linked.identity != Layout.of(tmp_path).identity


def made(root: Path) -> Layout:
    root.mkdir(exist_ok=True)
    layout = Layout.of(root)
    layout.make()
    return layout
