"""The pages are true where a program can tell: links lead somewhere, examples are right, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.house.source import NOT_OURS, ROOT, our_sources

from ensue.actions.registry import PARAMS
from ensue.core.conditions.registry import OPERATORS
from ensue.wire.documents import parse_trigger

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
TRIGGERS = ROOT / "docs" / "triggers.md"
CI = "_ci"


def pages() -> list[Path]:
    """Every page of the repository."""
    found = [
        *ROOT.glob("*.md"),
        *(page for tree in ("docs", "examples", "libs") for page in (ROOT / tree).rglob("*.md")),
    ]
    return sorted(page for page in found if not NOT_OURS & set(page.parts))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    links = LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    local = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_example_trigger_is_right() -> None:
    (document,) = re.findall(r"^```yaml\n(.*?)^```$", TRIGGERS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert parse_trigger(yaml.safe_load(document), action_params=PARAMS).name


def test_every_operator_and_every_kind_of_action_is_described() -> None:
    text = TRIGGERS.read_text(encoding="utf-8")
    described = set(re.findall(r"`([a-z_]+)`", text))
    assert {name for name in OPERATORS if not name.endswith(CI)} <= described
    assert set(PARAMS) <= described


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in folder.glob("0*.md")} == {link for link in listed if link.startswith("0")}


def test_every_test_that_a_decision_names_exists() -> None:
    defined = {function.name for source in our_sources() if source.is_test for function in source.functions()}
    named = {
        (page.name, name)
        for page in (ROOT / "docs" / "decisions").glob("0*.md")
        for name in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))
    }
    assert named
    assert [(page, name) for page, name in sorted(named) if name not in defined] == []
