"""Which API, with which key: as said, then the environment, then the running stack of the folder or one above."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ensue.core.errors import InvalidValue, Unavailable
from ensue_client.connection import Connection, find_connection

STACK = Connection("http://127.0.0.1:7000", "ens_stack_key")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which a stack runs; gives a folder deep inside it."""
    monkeypatch.delenv("ENSUE_API_URL", raising=False)
    monkeypatch.delenv("ENSUE_API_KEY", raising=False)
    (tmp_path / ".ensue").mkdir()
    content = {"api_url": STACK.api_url, "api_key": STACK.api_key, "metrics": {}}
    (tmp_path / ".ensue" / "dev.json").write_text(json.dumps(content))
    inside = tmp_path / "services" / "deep"
    inside.mkdir(parents=True)
    return inside


def test_the_stack_of_a_folder_above_is_found(folder: Path) -> None:
    assert find_connection(start=folder) == STACK


def test_the_environment_comes_before_the_stack(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSUE_API_URL", "https://ensue.example/")
    monkeypatch.setenv("ENSUE_API_KEY", "ens_a_b")
    assert find_connection(start=folder) == Connection("https://ensue.example", "ens_a_b")


def test_arguments_come_before_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSUE_API_URL", "https://ensue.example")
    monkeypatch.setenv("ENSUE_API_KEY", "ens_a_b")
    assert find_connection("http://other:1", "ens_c_d", folder) == Connection("http://other:1", "ens_c_d")


def test_another_key_may_be_used_with_the_stack(folder: Path) -> None:
    assert find_connection(api_key="ens_other_key", start=folder) == Connection(STACK.api_url, "ens_other_key")


def test_the_key_of_the_stack_is_never_sent_to_another_address(folder: Path) -> None:
    with pytest.raises(InvalidValue, match="no key"):
        find_connection("https://somebody.example", start=folder)


def test_without_any_stack_nothing_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENSUE_API_URL", raising=False)
    with pytest.raises(Unavailable, match="ensue dev up"):
        find_connection(start=tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"api_url": "http://127.0.0.1:1"}'])
def test_a_broken_file_says_how_to_mend_it(folder: Path, content: str) -> None:
    (folder.parents[1] / ".ensue" / "dev.json").write_text(content)
    with pytest.raises(InvalidValue, match="ensue dev up"):
        find_connection(start=folder)


def test_an_address_must_be_one(folder: Path) -> None:
    with pytest.raises(InvalidValue, match="http://"):
        find_connection("127.0.0.1:7000", "ens_a_b", folder)


def test_a_key_is_never_shown() -> None:
    assert "ens_stack_key" not in repr(STACK)
