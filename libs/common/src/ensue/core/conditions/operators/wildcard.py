r"""wildcard: the whole text, where `*` stands for any characters or none; `\*` and `\\` stand for themselves."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from ensue.core.conditions.keys import Equals, Keys, Prefixes, Present, Substrings, Suffixes
from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, on_text
from ensue.core.conditions.wording import shown
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

MAX_STARS: Final = 8
_PIECE = re.compile(r"[^*\\]+|\\[*\\]|\*", re.DOTALL)


def _parse(value: Json) -> Json:
    if not isinstance(value, str):
        raise InvalidValue("a text in which * stands for any characters")
    if "".join(_PIECE.findall(value)) != value:
        raise InvalidValue(r"a text in which a backslash stands only before * or a backslash")
    pieces = _PIECE.findall(value)
    if ("*", "*") in pairwise(pieces):
        raise InvalidValue("no two stars in a row: one says the same")
    if pieces.count("*") > MAX_STARS:
        raise InvalidValue(f"at most {MAX_STARS} stars")
    return value


def _parts(value: Json) -> list[str]:
    """The literal texts before, between and after the stars; one more than there are stars."""
    parts = [""]
    for piece in _PIECE.findall(str(value)):
        if piece == "*":
            parts.append("")
        else:
            parts[-1] += piece[1:] if piece[0] == "\\" else piece
    return parts


def _test(wanted: Json) -> ValueTest:
    first, *middle = _parts(wanted)
    if not middle:
        return on_text(lambda actual: actual == first)
    last = middle.pop()

    def fits(actual: str) -> bool:
        end = len(actual) - len(last)
        position = len(first)
        if end < position or not (actual.startswith(first) and actual.endswith(last)):
            return False
        for part in middle:  # the leftmost place of each leaves most room for the next
            found = actual.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True

    return on_text(fits)


def _sql(place: SqlPlace) -> SqlTest:
    like = "%".join(re.sub(r"([%_\\])", r"\\\1", part) for part in _parts(place.value))
    return place.on_text(f"{place.text()} LIKE {place.bind(like, 'text')}")


def _keys(wanted: Json) -> Keys:
    first, *others = _parts(wanted)
    if not others:
        return Equals((first,))
    longest = max(others[:-1], key=len, default="")
    if first:
        return Prefixes((first,))
    if others[-1]:
        return Suffixes((others[-1],))
    return Substrings((longest,)) if longest else Present()


OPERATOR = Operator(
    name="wildcard",
    parse=_parse,
    judge=OnValues(_test, _sql),
    english=lambda value: f"is like {shown(value)}",
    keys=_keys,
)
