"""The fingerprint of the migrations: any change of any file makes another template database."""

from __future__ import annotations

from pathlib import Path

from ensue_devstack.schemas import OWNERS, Schema, fingerprint, folder_of, installed_schemas


def schema_in(folder: Path, **files: str) -> Schema:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)
    return Schema("audit", "audit", folder)


def test_the_installed_services_schemas_are_found() -> None:
    assert [schema.name for schema in installed_schemas()] == list(OWNERS)
    assert folder_of("no_such_package") is None


def test_the_same_files_have_the_same_fingerprint(tmp_path: Path) -> None:
    one = schema_in(tmp_path / "one", a="CREATE", b="ALTER")
    other = schema_in(tmp_path / "other", a="CREATE", b="ALTER")
    assert fingerprint([one]) == fingerprint([other])
    assert len(fingerprint([one])) == 12


def test_a_changed_an_added_and_a_renamed_file_change_it(tmp_path: Path) -> None:
    before = fingerprint([schema_in(tmp_path / "a", a="CREATE")])
    changed = fingerprint([schema_in(tmp_path / "b", a="CREATE ")])
    added = fingerprint([schema_in(tmp_path / "c", a="CREATE", b="")])
    renamed = fingerprint([schema_in(tmp_path / "d", b="CREATE")])
    assert len({before, changed, added, renamed, fingerprint([])}) == 5
