"""regex: a text in which this regular expression of RE2 is found; `^` and `$` tie it to the beginning and the end."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol, cast

import re2

from ensue.core.conditions.operator import OnValues, Operator
from ensue.core.conditions.sql_place import SqlPlace, SqlTest
from ensue.core.conditions.values import ValueTest, on_text
from ensue.core.conditions.wording import shown
from ensue.core.errors import InvalidValue
from ensue.core.json import Json

MAX_BYTES: Final = 512
_MAX_MEMORY: Final = 1 << 20


class _Compiled(Protocol):
    def search(self, text: str) -> object | None: ...


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> _Compiled:
    """RE2 runs in time linear in the text and refuses, in compiling, what would take it over its memory."""
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return cast("_Compiled", re2.compile(pattern, options))
    except UnicodeEncodeError:
        raise InvalidValue("a regular expression of RE2 (half a surrogate pair is no character)") from None
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise InvalidValue(f"a regular expression of RE2 ({reason})") from None


def _parse(value: Json) -> Json:
    if not isinstance(value, str):
        raise InvalidValue("a regular expression of RE2, as a text")
    if len(value.encode(errors="replace")) > MAX_BYTES:
        raise InvalidValue(f"a regular expression of at most {MAX_BYTES} bytes")
    _compiled(value)
    return value


def _test(wanted: Json) -> ValueTest:
    search = _compiled(str(wanted)).search
    return on_text(lambda actual: search(actual) is not None)


def _sql(place: SqlPlace) -> SqlTest:
    """PostgreSQL has other regular expressions: it finds the texts, the matcher asks each of them."""
    return SqlTest(place.has_type("string"), exact=False)


OPERATOR = Operator(
    name="regex",
    parse=_parse,
    judge=OnValues(_test, _sql),
    english=lambda value: f"matches the regular expression {shown(value)}",
)
