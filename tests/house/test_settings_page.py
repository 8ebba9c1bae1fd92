"""docs/settings.md is what the settings classes say now, and no list of settings is left out of it."""

from __future__ import annotations

import ast

from scripts.settings_page import DEVSTACK, PAGE, SECTIONS, page
from tests.house.source import our_sources

NOT_LISTED = {"EnsueSettings", "ServiceSettings"}  # what the others are made of


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"


def test_every_settings_class_has_a_section() -> None:
    declared = {
        node.name
        for source in our_sources()
        if source.path.startswith(("libs/", "services/"))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Settings") for base in node.bases)
    }
    assert declared - NOT_LISTED == {settings.__name__ for _, _, settings in SECTIONS}


def test_every_variable_that_devstack_reads_is_on_the_page() -> None:
    read = {
        node.value.value
        for source in our_sources()
        if source.path.startswith("libs/devstack/")
        for node in source.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if any(isinstance(target, ast.Name) and target.id.endswith("_VARIABLE") for target in node.targets)
    }
    assert read, "no variables were found"
    assert [name for name in sorted(read) if f"`{name}`" not in page()] == []
    assert DEVSTACK in page()
