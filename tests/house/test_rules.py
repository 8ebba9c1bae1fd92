"""The house rules hold everywhere, and each of them is shown to see what it is there to see."""

from __future__ import annotations

import pytest
from tests.house import rules
from tests.house.rules import RULES, Rule
from tests.house.source import Source, our_sources

LIB = "libs/common/src/ensue/runtime/sample.py"
TEST = "tests/unit/runtime/test_sample.py"

BAD_SAMPLES: list[tuple[Rule, str, str]] = [
    (rules.functions_are_short, LIB, "def long():\n" + "    x = 1\n" * 40),
    (rules.files_are_short, LIB, "x = 1\n" * 401),
    (rules.parameters_are_few, LIB, "def f(a, b, c, d, e, f, g): ..."),
    (rules.parameters_are_few, LIB, "class C:\n    def f(self, a, b, c, *, d, e, f, g): ..."),
    (rules.modules_say_why, LIB, "x = 1"),
    (rules.names_are_no_drawers, "libs/common/src/ensue/runtime/utils.py", ""),
    (rules.names_are_no_drawers, "libs/common/src/ensue/runtime/kafka_helpers.py", ""),
    (rules.names_are_no_drawers, "services/audit/src/audit/base/rows.py", ""),
    (rules.tests_use_the_real_thing, TEST, "from unittest.mock import AsyncMock"),
    (rules.tests_use_the_real_thing, TEST, "from unittest import mock"),
    (rules.tests_use_the_real_thing, TEST, "import mockafka"),
    (rules.tests_use_the_real_thing, TEST, "def test(monkeypatch):\n    monkeypatch.setattr(audit, 'rows', [])"),
    (rules.tests_use_the_real_thing, TEST, "def test(mocker): ..."),
    (rules.tests_wait_for_truths, TEST, "async def test():\n    await asyncio.sleep(0.1)"),
    (rules.tests_wait_for_truths, TEST, "def test():\n    time.sleep(1)"),
    (rules.clients_have_one_importer, "services/audit/src/audit/app.py", "from aiokafka import AIOKafkaConsumer"),
    (rules.clients_have_one_importer, LIB, "def f():\n    import asyncpg"),
    (rules.environment_is_read_in_settings, LIB, "import os\nx = os.environ['HOME']"),
    (rules.environment_is_read_in_settings, LIB, "from os import getenv"),
    (rules.nothing_is_unfinished, LIB, "x = 1  # TODO: more"),
    (rules.nothing_is_unfinished, LIB, "def f():\n    raise NotImplementedError"),
    (rules.ignores_give_reasons, LIB, "x = f()  # type: ignore"),
    (rules.ignores_give_reasons, LIB, "x = f()  # type: ignore[no-any-return]"),
    (rules.ignores_give_reasons, LIB, "x = f()  # noqa: S101"),
    (rules.ignores_give_reasons, LIB, "x = f()  # noqa - it is fine"),
]

GOOD_SAMPLES: list[tuple[Rule, str, str]] = [
    (rules.functions_are_short, LIB, "def short():\n" + "    x = 1\n" * 39),
    (rules.files_are_short, LIB, "x = 1\n" * 400),
    (rules.parameters_are_few, LIB, "class C:\n    def f(self, a, b, c, d, e, f): ..."),
    (rules.parameters_are_few, TEST, "def test(a, b, c, d, e, f, g): ..."),
    (rules.modules_say_why, LIB, '"""Because."""'),
    (rules.names_are_no_drawers, "libs/common/src/ensue/core/database.py", ""),
    (rules.tests_use_the_real_thing, TEST, "def test(monkeypatch):\n    monkeypatch.setenv('ENSUE_API_URL', '')"),
    (rules.tests_wait_for_truths, TEST, "async def test():\n    await asyncio.sleep(0)"),
    (rules.tests_wait_for_truths, LIB, "async def back_off():\n    await asyncio.sleep(1)"),
    (rules.clients_have_one_importer, "libs/common/src/ensue/kafka/loop.py", "import aiokafka"),
    (rules.clients_have_one_importer, TEST, "import asyncpg"),
    (rules.environment_is_read_in_settings, "libs/client/src/ensue_client/settings.py", "import os\nos.environ"),
    (rules.nothing_is_unfinished, LIB, "x = 'TODO'  # a word people write"),
    (rules.ignores_give_reasons, LIB, "x = f()  # type: ignore[no-any-return]  # the library gives Any"),
    (rules.ignores_give_reasons, LIB, "x = f()  # noqa: S101, S603 - our own program"),
]


def named(rule: Rule) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    broken = [sentence for source in our_sources() for sentence in rule(source)]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


@pytest.mark.parametrize(("rule", "path", "text"), BAD_SAMPLES)
def test_the_rule_sees_what_it_is_there_to_see(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), GOOD_SAMPLES)
def test_the_rule_leaves_good_code_alone(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, text)))


def test_every_rule_has_a_bad_and_a_good_sample() -> None:
    assert {rule for rule, _, _ in BAD_SAMPLES} == set(RULES) == {rule for rule, _, _ in GOOD_SAMPLES}


@pytest.mark.requirement("R19.22")
def test_no_test_imports_a_mock_of_kafka_or_of_the_database_driver() -> None:
    tests = [source for source in our_sources() if source.is_test]
    assert tests, "the tests were not found"
    assert not [sentence for source in tests for sentence in rules.tests_use_the_real_thing(source)]
