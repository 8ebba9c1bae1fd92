"""`then` in trigger documents: actions, their own fields checked by the model of their kind. Called by `documents`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ensue.core import template
from ensue.core.errors import InvalidValue
from ensue.core.json import Json
from ensue.core.retry import HIGHEST_DELAY, HIGHEST_MAX_ATTEMPTS, RetryPolicy
from ensue.core.trigger import ActionSpec, Mode, Then
from ensue.wire.faults import Faults, step
from ensue.wire.sections import Section

MAX_ACTIONS: Final = 50
MAX_KIND: Final = 50
LEAST_TIMEOUT: Final = timedelta(milliseconds=100)
MOST_TIMEOUT: Final = timedelta(minutes=5)
# Read here for every kind of action; what else there is belongs to the kind.
_COMMON: Final = frozenset({"kind", "timeout", "retry"})
_UNREADABLE = ActionSpec(path="actions.0", kind="?", params={})

ActionParams = Mapping[str, type[BaseModel]] | None


def parse_then(root: Section, action_params: ActionParams) -> Then:
    """What `then` asks for; what is wrong with it goes to the section's faults."""
    then = root.section("then", required=True)
    if then is None:
        return Then(actions=(_UNREADABLE,))
    mode = then.choice("mode", Mode.SEQUENTIAL)
    actions = [
        _action(value, pointer, f"actions.{index}", then.faults, action_params)
        for index, (pointer, value) in enumerate(then.items("actions", MAX_ACTIONS, "actions"))
    ]
    then.refuse_unknown()
    return Then(actions=tuple(actions) or (_UNREADABLE,), mode=mode)


def _action(value: object, pointer: str, path: str, faults: Faults, action_params: ActionParams) -> ActionSpec:
    section = Section.of(value, pointer, faults)
    if section is None:
        return _UNREADABLE
    before = len(faults)
    kind = section.text("kind", MAX_KIND)
    kind_is_text = len(faults) == before
    # The whole document was found to be JSON before.
    params = {name: cast("Json", member) for name, member in section.members.items() if name not in _COMMON}
    timeout = section.duration("timeout", LEAST_TIMEOUT, MOST_TIMEOUT, timedelta(0)) or None
    retry = _retry(section)
    if action_params is not None and kind in action_params:
        _check_params(params, action_params[kind], section)
    elif action_params is not None and kind_is_text:
        faults.add_unknown(step(pointer, "kind"), kind, action_params, "kind of action")
    return ActionSpec(path=path, kind=kind, params=params, timeout=timeout, retry=retry)


def _retry(section: Section) -> RetryPolicy:
    usual = RetryPolicy()
    retry = section.section("retry", required=False)
    if retry is None:
        return usual
    max_attempts = retry.whole("max_attempts", 1, HIGHEST_MAX_ATTEMPTS, usual.max_attempts)
    initial = retry.duration("initial", timedelta(0), HIGHEST_DELAY, usual.initial)
    maximum = retry.duration("maximum", timedelta(0), HIGHEST_DELAY, max(usual.maximum, initial))
    multiplier = retry.number("multiplier", 1.0, 100.0, usual.multiplier)
    retry.refuse_unknown()
    try:
        return RetryPolicy(max_attempts, initial, multiplier, maximum)
    except InvalidValue as error:
        retry.faults.add(retry.pointer, "contradicts itself", str(error))
        return usual


def _check_params(params: Mapping[str, Json], model: type[BaseModel], section: Section) -> None:
    try:
        model.model_validate(params)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_context=False, include_input=False):
            _add_error(error, params, model, section)
    for wrong in template.check(params, section.pointer):
        section.faults.add(wrong.pointer, "has a wrong placeholder", str(wrong))


def _add_error(error: ErrorDetails, params: Mapping[str, Json], model: type[BaseModel], section: Section) -> None:
    pointer = section.pointer + _pointer(error["loc"], params)
    if error["type"] == "missing":
        section.faults.add(pointer, "is missing", "a value: an action of this kind needs it")
    elif error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        section.faults.add_unknown(pointer, str(error["loc"][0]), {*model.model_fields, *_COMMON}, "field")
    elif error["type"] == "extra_forbidden":
        section.faults.add(pointer, "is not a known field")
    else:
        expected = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        section.faults.add(pointer, "is wrong", expected)


def _pointer(location: Sequence[str | int], params: Json) -> str:
    """The pointer of an error. Its location also names variants of unions, which are no places in the document."""
    pointer, value = "", params
    for position, part in enumerate(location):
        if _has(value, part):
            value = value[part]  # type: ignore[index]  # `_has` has looked
        elif not isinstance(value, Mapping) or position < len(location) - 1:
            continue
        pointer = step(pointer, part)
    return pointer


def _has(value: Json, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value)
