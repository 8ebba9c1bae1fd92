"""Whether the index leads to a condition, asked of the index itself; if not, why, and what would help.

Asked by trigger-api, which counts and caps the triggers of a tenant that it does not lead to.
"""

from __future__ import annotations

from typing import Final

from ensue.core.conditions.analysis.findings import why_unindexed
from ensue.core.conditions.tree import ALWAYS, Condition
from ensue.matching.candidates import Candidates
from ensue.matching.needed import MOST_ALTERNATIVES

LOOKED_UP: Final = ("eq", "in", "between", "contains", "starts_with", "ends_with", "wildcard")
WHAT_HELPS: Final = f'a test in "all" beside the rest, by {", ".join(LOOKED_UP[:-1])} or {LOOKED_UP[-1]}'
_OTHERWISE: Final = (
    "none of its tests is of a kind that the index looks up, "
    f"or there are over {MOST_ALTERNATIVES} ways to fulfil it (values of one field may stand in one in)"
)


def why_not_indexed(condition: Condition) -> str | None:
    """Why every event of its type must be asked; None where a table leads to it, or where there is no condition.

    A trigger without a condition costs nothing but the firings that it is there for.
    """
    if condition == ALWAYS or not Candidates.of([(0, condition)]).unindexed:
        return None
    return why_unindexed(condition) or _OTHERWISE
