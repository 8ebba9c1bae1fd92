"""cel: a CEL expression that is true or false, `{"cel": "event.data.score > 0.8"}`. What it sees: `dialects.cel`.

Not total: an expression that has no verdict on an event raises CelFailed, which harms its own trigger only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ensue.core.conditions.dialects.cel import CelFailed, compile_cel, parse_cel, verdict_of_cel
from ensue.core.conditions.explanation import Explanation
from ensue.core.conditions.leaf import LeafFault, LeafKind
from ensue.core.conditions.tree import Cel
from ensue.core.errors import InvalidValue
from ensue.core.event import Event
from ensue.core.json import Json


def _parse(value: Json) -> Cel | tuple[LeafFault, ...]:
    try:
        return Cel(parse_cel(value))
    except InvalidValue as error:
        return (LeafFault("", "is not an expression that can be a condition", str(error)),)


def _explain(leaf: Cel, event: Event, now: datetime) -> Explanation:
    try:
        verdict, note = compile_cel(leaf.source)(event, now), None
    except CelFailed as error:
        verdict, note = False, f"it has no verdict: {error}"
    return Explanation("cel", verdict, _english(leaf), note=note)


def _english(leaf: Cel) -> str:
    return f"the expression {leaf.source} is true"


LEAF: Final = LeafKind(
    name="cel",
    type=Cel,
    parse=_parse,
    document=lambda leaf: leaf.source,
    compile=lambda leaf: compile_cel(leaf.source),
    keys=lambda _: None,
    english=_english,
    explain=_explain,
    verdict=lambda leaf: verdict_of_cel(leaf.source),
)
