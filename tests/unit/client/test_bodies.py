"""What goes to the API says what was meant, or is refused with the place; what comes back is shown as it came."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from tests.support.condition_strategies import JSON

from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue_client.bodies import body_of, content_of, shown

BIG = 123456789012345678901234567890


@given(JSON)
def test_any_json_comes_through_as_it_is(content: Json) -> None:
    assert content_of(body_of(content)) == content
    assert json.loads(shown(content)) == content


def test_large_integers_are_exact() -> None:
    assert body_of({"n": [BIG, -BIG]}) == b'{"n":[%d,%d]}' % (BIG, -BIG)
    assert str(BIG) in shown(content_of(b"[%d]" % BIG))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, "half \ud83d"])
def test_what_json_has_no_word_for_is_refused_with_its_place(value: Json) -> None:
    with pytest.raises(InvalidValue, match=r"^/where/a~1b/1 is not JSON"):
        body_of({"name": "x", "where": {"a/b": [1, value]}})
