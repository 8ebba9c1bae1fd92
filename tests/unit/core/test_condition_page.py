"""docs/conditions.md is normative, so its examples are run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.condition_table import CALENDARS, CONTEXT, NOW, attributes_of, condition_of, event_of
from tests.support.reference_evaluator import World, verdict

from ensue.core.conditions.explain import explain
from ensue.core.conditions.match import matches
from ensue.core.conditions.registry import OPERATORS
from ensue.wire.conditions import parse_condition
from ensue.wire.faults import DocumentInvalid, Faults

PAGE = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text(encoding="utf-8")


def blocks(kind: str) -> Iterator[tuple[Any, list[str]]]:
    """The conditions of the blocks of one kind, each with the lines below it."""
    for block in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL):
        condition, lines = None, []
        for line in [*block.splitlines(), "{}"]:
            if not line.startswith("{"):
                lines.append(line)
                continue
            if condition is not None:
                yield condition, lines
            condition, lines = json.loads(line), []


EXAMPLES = [(condition, line) for condition, lines in blocks("conditions") for line in lines]
REFUSED = [(condition, line) for condition, lines in blocks("refused") for line in lines]


@pytest.mark.requirement("R3.13")
@pytest.mark.parametrize(("document", "line"), EXAMPLES, ids=[f"{d} {line}"[:150] for d, line in EXAMPLES])
def test_an_example_has_the_verdict_that_the_page_says(document: dict[str, Any], line: str) -> None:
    condition, event = condition_of(document), event_of({"data": json.loads(line[2:])})
    wanted = line.startswith("+ ")
    assert matches(condition, event, NOW, CONTEXT) is wanted
    assert explain(condition, event, NOW, CONTEXT).verdict is wanted
    assert verdict(document, World(attributes_of(event), NOW.isoformat(), CALENDARS)) is wanted


@pytest.mark.parametrize(("document", "line"), REFUSED, ids=[f"{d}"[:150] for d, _ in REFUSED])
def test_what_the_page_says_is_refused_is_refused_at_its_place(document: dict[str, Any], line: str) -> None:
    faults = Faults()
    parse_condition(document, "", faults, CONTEXT)
    with pytest.raises(DocumentInvalid) as refused:
        faults.raise_any()
    (fault,) = refused.value.faults
    pointer, _, said = line.partition(" ")
    assert fault.pointer == pointer
    assert said in f"{fault.message} {fault.expected}"


def test_the_page_has_examples_and_names_every_operator() -> None:
    assert len(EXAMPLES) > 80
    assert len(REFUSED) > 15
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert {name for name in OPERATORS if not name.endswith("_ci")} <= named
