"""Generated functions: sources are made of attribute names and numbers only; every constant comes in as an argument.

One source is compiled once a process, so that thousands of like parts of an index share their code. No text of a user
ever stands in a source: fields are named f0, f1 ... by `projection.Names`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from ensue.matching.rules import FALSE, MISSING, TRUE

Function = Callable[..., Any]


@lru_cache(maxsize=4096)
def _factory(source: str) -> Function:
    space: dict[str, Any] = {"MISSING": MISSING, "TRUE": TRUE, "FALSE": FALSE}
    exec(source, space)  # noqa: S102  # the source is ours alone: names f0, f1 ... and keywords
    made: Function = space["make"]
    return made


def function(parameters: Sequence[str], body: str, constants: Sequence[object]) -> Function:
    """The function named `run` that `body` defines, with `constants` bound to `parameters`."""
    indented = body.replace("\n", "\n    ")
    made: Function = _factory(f"def make({', '.join(parameters)}):\n    {indented}\n    return run")(*constants)
    return made


def getter(expression: str) -> Function:
    """A function from a decoded event to the value at an expression."""
    return function((), f"def run(e): return {expression}", ())


def conjunction(expressions: Sequence[str], tests: Sequence[Function]) -> Function:
    """A function that says of a decoded event whether every test passes at its expression."""
    names = [f"t{index}" for index in range(len(tests))]
    terms = " and ".join(f"{name}({expression})" for name, expression in zip(names, expressions, strict=True))
    return function(names, f"def run(e): return {terms or 'True'}", tests)
