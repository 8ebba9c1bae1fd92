"""The registry of action kinds: whatever `ensue.actions.kinds` holds. Adding a file there is enough.

Read by the parser of trigger documents (PARAMS) and by the dispatcher (KINDS).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from ensue.actions import kinds
from ensue.actions.kind import ActionKind


def _discover() -> dict[str, ActionKind[Any]]:
    found: dict[str, ActionKind[Any]] = {}
    for module in sorted(pkgutil.iter_modules(kinds.__path__), key=lambda each: each.name):
        kind = importlib.import_module(f"{kinds.__name__}.{module.name}").KIND
        if not isinstance(kind, ActionKind) or kind.name != module.name:
            raise TypeError(f"{module.name}.KIND must be an ActionKind named {module.name!r}")
        found[kind.name] = kind
    return found


KINDS: Mapping[str, ActionKind[Any]] = MappingProxyType(_discover())
PARAMS: Mapping[str, type[BaseModel]] = MappingProxyType({name: kind.params for name, kind in KINDS.items()})
