"""The house rules that no linter knows: sizes, names, who may import what, how tests wait. Checked by `test_rules`.

A rule is a function from a source to sentences, one for each place that breaks it. All rules are in RULES.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.house.source import Function, Source

FUNCTION_LINES = 40
FILE_LINES = 400
FILE_LINES_AIM = 300
PARAMETERS = 6
DRAWERS = frozenset({"utils", "util", "helpers", "helper", "base", "manager", "misc"})
MOCKS = ("unittest.mock", "mock.", "pytest_mock", "mockafka", "asyncmock", "pgmock", "pytest_postgresql.factories.noop")
OWN_CLIENT = {"aiokafka": "libs/common/src/ensue/kafka/", "asyncpg": "libs/common/src/ensue/postgres/"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# The one that waits, a producer that was asked to come back later, and programs that measure time.
MAY_SLEEP = ("tests/support/eventually.py", "tests/support/load.py", "tests/bench/")
IGNORE = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)")
IGNORE_WITH_REASON = re.compile(
    r"#\s*(noqa:\s*[A-Z0-9, ]+?|type:\s*ignore\[[\w, -]+\]|pragma:\s*no cover)\s*(#|-|—)+\s*\S+"
)

Rule = Callable[[Source], Iterator[str]]


def functions_are_short(source: Source) -> Iterator[str]:
    """A function has at most 40 lines."""
    for function in source.functions():
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield _at(source, function.lineno, f"{function.name} has {lines} lines, more than {FUNCTION_LINES}")


def files_are_short(source: Source) -> Iterator[str]:
    """A file has at most 400 lines, and aims at 300."""
    if source.line_count > FILE_LINES:
        yield _at(source, source.line_count, f"the file has {source.line_count} lines, more than {FILE_LINES}")


def parameters_are_few(source: Source) -> Iterator[str]:
    """A function takes at most 6 parameters. Fixtures and the options of a command are no parameters in this sense."""
    if source.is_test or source.module == "commands":
        return
    for function in source.functions():
        names = _parameters(function)
        if len(names) > PARAMETERS:
            yield _at(source, function.lineno, f"{function.name} takes {len(names)} parameters, more than {PARAMETERS}")


def modules_say_why(source: Source) -> Iterator[str]:
    """Every module says in its docstring why it exists."""
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield _at(source, 1, "the module has no docstring")


def names_are_no_drawers(source: Source) -> Iterator[str]:
    """No module is named for being a drawer: utils, helpers, base, manager, misc."""
    for part in source.path.removesuffix(".py").split("/"):
        if DRAWERS & set(part.split("_")):
            yield _at(source, 1, f"{part!r} names a drawer, not a purpose")


def tests_use_the_real_thing(source: Source) -> Iterator[str]:
    """Nothing mocks Kafka, the database driver or our own code."""
    for line, name in source.imports():
        if name.startswith(MOCKS):
            yield _at(source, line, f"imports {name}: use the real thing, or the double that the port ships")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "monkeypatch.setattr":
            yield _at(source, node.lineno, "patches code: give it what it needs as an argument")
    for function in source.functions():
        if "mocker" in _parameters(function):
            yield _at(source, function.lineno, f"{function.name} takes a mocker")


def tests_wait_for_truths(source: Source) -> Iterator[str]:
    """A test never waits for a time: `eventually` waits for a truth, `sleep(0)` only lets others run."""
    if not source.is_test or source.path.startswith(MAY_SLEEP):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _called(node) == "sleep" and not _is_zero(node.args):
            yield _at(source, node.lineno, "sleeps: wait with tests.support.eventually")


def clients_have_one_importer(source: Source) -> Iterator[str]:
    """Only ensue.kafka imports the Kafka client, only ensue.postgres the driver. Tests may ask the servers directly."""
    if source.is_test:
        return
    for line, name in source.imports():
        home = OWN_CLIENT.get(name.partition(".")[0])
        if home and not source.path.startswith(home):
            yield _at(source, line, f"imports {name}: only {home} does")


def environment_is_read_in_settings(source: Source) -> Iterator[str]:
    """The environment is read in settings, once, and handed down; devstack gives it to the processes that it starts."""
    if source.is_test or source.module == "settings" or source.path.startswith("libs/devstack/"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"}:
            yield _at(source, node.lineno, f"reads {ast.unparse(node)}: take it from the settings")
    for line, name in source.imports():
        if name in {"os.environ", "os.getenv"}:
            yield _at(source, line, f"imports {name}: take it from the settings")


def nothing_is_unfinished(source: Source) -> Iterator[str]:
    """No comment leaves work for later, and no function is a stub."""
    for line, comment in source.comments():
        if UNFINISHED.search(comment):
            yield _at(source, line, f"unfinished: {comment}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Raise) and node.exc is not None and "NotImplementedError" in ast.unparse(node.exc):
            yield _at(source, node.lineno, "a stub: raises NotImplementedError")


def ignores_give_reasons(source: Source) -> Iterator[str]:
    """Every ignored finding names its rule and has its reason beside it."""
    for line, comment in source.comments():
        if IGNORE.match(comment) and not IGNORE_WITH_REASON.match(comment):
            yield _at(source, line, f"ignored without a rule or a reason: {comment}")


RULES: tuple[Rule, ...] = (
    functions_are_short,
    files_are_short,
    parameters_are_few,
    modules_say_why,
    names_are_no_drawers,
    tests_use_the_real_thing,
    tests_wait_for_truths,
    clients_have_one_importer,
    environment_is_read_in_settings,
    nothing_is_unfinished,
    ignores_give_reasons,
)


def _at(source: Source, line: int, sentence: str) -> str:
    return f"{source.path}:{line}: {sentence}"


def _parameters(function: Function) -> list[str]:
    spec = function.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _is_zero(arguments: list[ast.expr]) -> bool:
    return len(arguments) == 1 and isinstance(arguments[0], ast.Constant) and arguments[0].value == 0
