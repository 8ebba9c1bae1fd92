"""The one registry of operators, filled from the modules of `ensue.core.conditions.operators`: adding a file is enough.

Read by the matcher and by the parser of documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from ensue.core.conditions import operators
from ensue.core.conditions.operator import Operator


def _discover() -> Iterator[Operator]:
    for module in sorted(info.name for info in iter_modules(operators.__path__)):
        operator = import_module(f"{operators.__name__}.{module}").OPERATOR
        if operator.name != module.rstrip("_"):  # in_.py, because a module cannot be called as a keyword
            raise ImportError(f"operators/{module}.py holds the operator {operator.name!r}; the two names must agree")
        yield operator


OPERATORS: Mapping[str, Operator] = MappingProxyType({operator.name: operator for operator in _discover()})
