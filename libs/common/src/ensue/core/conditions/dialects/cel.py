"""CEL expressions as conditions: checked to be a bool at save, run by Google's C++ engine. Used by the leaf `cel`.

An expression sees `event` (type, source, subject, time, id, entity_type, data; what the event does not have is not
there; `time` is text, for `timestamp()`) and `now`, the append time of its record. Unlike a test it is not total: what
is missing or of a wrong type is an error of this condition (`has(event.data.a)` asks first). The engine bounds its
iterations and has RE2 for `matches`.
The library is imported when the first expression is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Final, Protocol

from ensue.core.errors import InvalidValue, NoVerdict
from ensue.core.event import Event
from ensue.core.instants import text_of
from ensue.core.json import Json

MAX_BYTES: Final = 4096
_LOWEST: Final = -(1 << 63)
_HIGHEST: Final = (1 << 63) - 1
_CODE: Final = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_PLACE: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")

CelMatcher = Callable[[Event, datetime], bool]


class CelFailed(NoVerdict):
    """An expression gives no bool for this event: a field is missing, a type is wrong, its iterations ran out."""


class _Type(Protocol):
    def name(self) -> str: ...


class _Value(Protocol):
    def type(self) -> _Type: ...
    def value(self) -> object: ...


class _Expression(Protocol):
    def return_type(self) -> _Type: ...
    def eval(self, activation: object) -> _Value: ...


class _Environment(Protocol):
    def compile(self, expression: str) -> _Expression: ...
    def Activation(self, data: Mapping[str, object]) -> object: ...  # noqa: N802 - the library's own name


def parse_cel(value: Json) -> str:
    """The source of an expression that is CEL and yields a bool; InvalidValue says what is wrong with it."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue("a CEL expression as text")
    if len(value.encode(errors="surrogatepass")) > MAX_BYTES:
        raise InvalidValue(f"a CEL expression of at most {MAX_BYTES} bytes")
    _engine().compiled(value)
    return value


def compile_cel(source: str) -> CelMatcher:
    """A function of an event and its instant; it raises CelFailed where the expression yields no bool."""
    engine = _engine()
    expression = engine.compiled(source)

    def matcher(event: Event, now: datetime) -> bool:
        return engine.verdict(expression, event, now)

    return matcher


def verdict_of_cel(source: str) -> bool | None:
    """The verdict that an expression has on every event, as `1 < 2` has; None where it reads the event, or has none.

    It is asked without an event: what reads one is an error then, and an error decides nothing, unless it need not be
    looked at (`event.data.a || true`).
    """
    engine = _engine()
    try:
        return engine.verdict_without_event(engine.compiled(source))
    except (InvalidValue, CelFailed):
        return None


class _Engine:
    """One environment for all expressions, and the last event made ready for them.

    Making an event ready costs more than running an expression, so all candidates of one event share it.
    """

    def __init__(self, environment: _Environment) -> None:
        self._environment = environment
        self._last: tuple[Event, datetime, object] | None = None

    def compiled(self, source: str) -> _Expression:
        try:
            expression = self._environment.compile(source)
        except (RuntimeError, ValueError, TypeError) as error:  # TypeError: text that is no UTF-8
            raise InvalidValue(f"a CEL expression ({_worded(str(error))})") from None
        kind = expression.return_type().name()
        if kind not in ("BOOL", "DYN"):
            raise InvalidValue(f"a CEL expression that is true or false, not {kind.lower()}")
        return expression

    def verdict(self, expression: _Expression, event: Event, now: datetime) -> bool:
        try:
            result = expression.eval(self._activation(event, now))
            if result.type().name() == "ERROR" and "out of range" in str(result.value()):
                narrowed = _variables(event, now, _within_64_bits(event.data))
                result = expression.eval(self._environment.Activation(narrowed))
        except (RuntimeError, ValueError, TypeError) as error:
            raise CelFailed(_worded(str(error))) from None
        return _bool_of(result)

    def verdict_without_event(self, expression: _Expression) -> bool:
        try:
            return _bool_of(expression.eval(self._environment.Activation({})))
        except (RuntimeError, ValueError, TypeError) as error:
            raise CelFailed(_worded(str(error))) from None

    def _activation(self, event: Event, now: datetime) -> object:
        last = self._last
        if last is not None and last[0] is event and last[1] == now:
            return last[2]
        activation = self._environment.Activation(_variables(event, now, event.data))
        self._last = (event, now, activation)
        return activation


def _bool_of(result: _Value) -> bool:
    verdict, kind = result.value(), result.type().name()
    if kind == "BOOL" and isinstance(verdict, bool):
        return verdict
    raise CelFailed(_worded(str(verdict)) if kind == "ERROR" else f"the expression is of type {kind.lower()}")


@cache
def _engine() -> _Engine:
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_math, ext_optional, ext_strings
    except ImportError:  # there is no wheel for musl
        raise InvalidValue("another condition: CEL is not available on this platform") from None
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional(), ext_math.ExtMath()]
    variables = {"event": cel.Type.DYN, "now": cel.Type.TIMESTAMP}
    return _Engine(cel.NewEnv(variables=variables, extensions=extensions))


def _variables(event: Event, now: datetime, data: object) -> dict[str, object]:
    attributes: dict[str, object] = {
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": None if event.time is None else text_of(event.time),
        "id": event.id,
        "entity_type": event.entity_type,
    }
    seen = {name: value for name, value in attributes.items() if value is not None}
    return {"event": {**seen, "data": data}, "now": now}


def _within_64_bits(value: Json) -> object:
    """The same document, whole numbers beyond 64 bits as doubles: one such would spoil every expression."""
    if isinstance(value, Mapping):
        return {name: _within_64_bits(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_within_64_bits(member) for member in value]
    if isinstance(value, int) and not _LOWEST <= value <= _HIGHEST:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    return value


def _worded(message: str) -> str:
    """The engine's message without its codes and its drawing; a place as `line 1, column 5`."""
    found = _PLACE.search(message)
    if found:
        line, column, rest = found.groups()
        message = f"line {line}, column {column}: {rest}"
    if "incompatible function arguments" in message:
        return "text that is not UTF-8"
    first = message.strip().splitlines()[0] if message.strip() else "no reason given"
    return _CODE.sub("", _CODE.sub("", first))[:300]
