"""Documents come from JSON, JSON lines and YAML, one or many; what is none says so with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ensue.core.errors import InvalidValue
from ensue_client.files import read_documents


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "a"}, {"name": "b"}]',
        '{"name": "a"}\n{"name": "b"}\n',
        "name: a\n---\nname: b\n",
        "- name: a\n- name: b\n",
    ],
)
def test_every_form_gives_the_same_documents(tmp_path: Path, text: str) -> None:
    file = tmp_path / "documents"
    file.write_text(text)
    assert read_documents([file], "trigger") == [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: [", "not YAML"),
        (b"\xff", "not UTF-8"),
        (b"just words", "must be an object"),
        (b"name: a\nname: b", "names 'name' twice"),
    ],
)
def test_what_is_no_document_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "documents"
    file.write_bytes(content)
    with pytest.raises(InvalidValue, match=said) as refused:
        read_documents([file], "trigger")
    assert str(file) in str(refused.value)


def test_yaml_is_read_as_ensue_check_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "trigger.yaml"
    file.write_text("on: yes\nat: 09:00\n")
    assert read_documents([file], "trigger") == [{"on": "yes", "at": "09:00"}]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="absent"):
        read_documents([tmp_path / "absent"], "trigger")
