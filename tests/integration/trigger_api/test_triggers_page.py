"""docs/triggers.md shows requests and answers, so they are sent, in the order of the page, to a running API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.trigger_api.world import World

PAGE = (Path(__file__).parents[3] / "docs" / "triggers.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```http\n([A-Z]+) (\S+)\n(.*?)^(\d{3})\n(.*?)```", re.DOTALL | re.MULTILINE)


def differences(shown: Any, answered: Any, place: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Where the answer is not as the page shows it; the page may leave members of objects out."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        for name, value in shown.items():
            yield from differences(value, answered.get(name, "(nothing)"), f"{place}/{name}")
    elif isinstance(shown, list) and isinstance(answered, list) and len(shown) == len(answered):
        for index, value in enumerate(shown):
            yield from differences(value, answered[index], f"{place}/{index}")
    elif shown != answered:
        yield f"{place}: the page shows {shown!r}, the answer is {answered!r}"


@pytest.mark.requirement("R3.14", "R3.15", "R3.17")
async def test_the_requests_of_the_page_are_answered_as_it_shows(world: World) -> None:
    examples = EXAMPLE.findall(PAGE)
    assert len(examples) == PAGE.count("```http") == 5
    trigger_id = ""
    for method, path, body, status, shown in examples:
        document = json.loads(body) if body else None
        answer = await world.acme.call(method, path.replace("{id}", trigger_id), document)
        assert answer.status == int(status), answer.text
        assert list(differences(json.loads(shown), answer.json)) == []
        trigger_id = answer.json.get("id", trigger_id)
