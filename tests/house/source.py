"""Our own Python files, parsed once, for the house rules. Called by the rules and by their tests."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent  # of the environment that runs the tests, be it activated or not
TREES = ("libs", "services", "tests", "scripts", "examples")
NOT_OURS = frozenset({"node_modules", "__pycache__", ".venv", "build", "dist"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file. `path` is relative to the root of the repository, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @property
    def is_test(self) -> bool:
        """Whether this is test code: it has fixtures for arguments and may look behind the doors."""
        return self.path.startswith("tests/")

    @property
    def module(self) -> str:
        """The file's own name, without its folder and ending."""
        return Path(self.path).stem

    @property
    def line_count(self) -> int:
        """How many lines the file has."""
        return len(self.text.splitlines())

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones included."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def imports(self) -> Iterator[tuple[int, str]]:
        """(line, dotted name) of everything imported, wherever in the file: `from a import b` gives `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module or ''}.{name.name}") for name in node.names)

    def comments(self) -> Iterator[tuple[int, str]]:
        """(line, text) of every comment; strings that look like one are none."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


@cache
def our_sources() -> tuple[Source, ...]:
    """Every Python file of the repository, in the order of their paths."""
    paths = sorted(path for tree in TREES for path in (ROOT / tree).rglob("*.py") if not NOT_OURS & set(path.parts))
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
