"""`ensue dev` as people use it, on servers of its own whatever the environment names: one stack, from up to reset."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from tests.support.dev_project import SECONDS, Project
from tests.support.eventually import eventually
from tests.support.processes import assert_ended

from ensue.kafka.admin import admin_client
from ensue.kafka.topics import check_topics
from ensue.wire.topics import Topic
from ensue_devstack.ports import is_free
from ensue_devstack.scratch_topics import topic_list
from ensue_devstack.state import Condition, ProcessState

ROOT = Path(__file__).parents[3]
BACK_WITHIN = 60.0

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "deploy", root / "deploy")
    project = Project(root)
    yield project
    done = project.run("reset")
    assert done.returncode == 0, done.stderr
    assert not project.left_processes()
    assert not project.layout.postgres.exists()
    assert not project.layout.kafka.exists()


@pytest.fixture
def servers_up(project: Project) -> dict[str, Any]:
    """The project's servers, prepared."""
    return project.json("up", "--detach", "--no-services")


def test_with_nothing_running_status_says_so_and_down_is_content(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert project.json("status", code=1) == {"running": False, "ready": False}
    assert "Nothing runs." in project.run("status").stdout
    assert project.json("down") == {"was_running": False}


@pytest.mark.requirement("R18.8")
def test_two_ups_at_once_start_one_stack(project: Project) -> None:
    assert project.run("down").returncode == 0
    both = [project.start("up", "--detach", "--no-services", "--json") for _ in range(2)]
    answers = [running.communicate(timeout=SECONDS) for running in both]

    assert [running.returncode for running in both] == [0, 0], answers
    assert json.loads(answers[0][0]) == json.loads(answers[1][0])
    assert any("another `ensue dev up` is starting this stack" in stderr for _, stderr in answers)
    commands = [" ".join(one.cmdline()) for one in project.left_processes()]
    assert sum("ensue_devstack.supervisor" in command for command in commands) == 1
    assert sum("kafka.Kafka" in command for command in commands) == 1


@pytest.mark.requirement("R2.4")
async def test_a_fresh_stack_has_exactly_the_listed_topics(project: Project, servers_up: dict[str, Any]) -> None:
    bootstrap = servers_up["kafka_bootstrap"]
    async with admin_client(bootstrap) as admin:
        names = {name for name in await admin.list_topics() if not name.startswith("__")}
    assert names == {topic.value for topic in Topic}
    assert await check_topics(bootstrap, "", topic_list(ROOT), replication=1) == []


def test_what_is_secret_is_readable_by_its_owner_alone(project: Project, servers_up: dict[str, Any]) -> None:
    for file in (project.layout.dev_info, project.layout.secrets, project.layout.state):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(project.layout.dev_info.read_text()) == servers_up


async def test_the_database_wants_a_password(project: Project, servers_up: dict[str, Any]) -> None:
    url = servers_up["database_url"]
    password = url.split("@")[0].rpartition(":")[2]
    for wrong in (url.replace(f":{password}@", "@"), url.replace(password, "wrong")):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong)


@pytest.mark.requirement("R18.8")
@pytest.mark.parametrize("name", ["postgres", "kafka"])
async def test_a_killed_server_comes_back_on_its_port_with_its_data(
    project: Project, servers_up: dict[str, Any], name: str
) -> None:
    connection = await asyncpg.connect(servers_up["database_url"])
    await connection.execute(f"CREATE TABLE before_{name} (id bigint)")
    await connection.close()
    before = project.process(name)

    project.kill(name)

    await eventually(lambda: _assert_back(project, before), within=BACK_WITHIN)
    assert project.process(name).port == before.port
    connection = await asyncpg.connect(servers_up["database_url"])
    assert await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"public.before_{name}")
    await connection.close()
    assert await check_topics(servers_up["kafka_bootstrap"], "", topic_list(ROOT), replication=1) == []


async def test_a_stack_whose_supervisor_was_killed_is_recognised_and_replaced_with_its_data(
    project: Project, servers_up: dict[str, Any]
) -> None:
    supervisor = project.json("status")["supervisor_pid"]
    orphan = project.process("kafka").pid
    assert orphan is not None
    os.kill(supervisor, signal.SIGKILL)
    await eventually(lambda: assert_ended(supervisor))

    said = project.run("status")
    assert said.returncode == 1
    assert "Its supervisor was killed" in said.stdout

    assert project.json("up", "--detach", "--no-services") == servers_up
    assert not psutil.pid_exists(orphan)
    connection = await asyncpg.connect(servers_up["database_url"])
    assert await connection.fetchval("SELECT count(*) FROM triggers.schema_migrations") > 0
    await connection.close()


async def test_after_a_killed_supervisor_down_leaves_nothing(project: Project, servers_up: dict[str, Any]) -> None:
    supervisor = project.json("status")["supervisor_pid"]
    os.kill(supervisor, signal.SIGKILL)
    await eventually(lambda: assert_ended(supervisor))

    assert project.run("down").returncode == 0

    assert project.left_processes() == []
    assert all(is_free(port) for port in json.loads(project.layout.ports.read_text()).values())


@pytest.mark.requirement("R18.23", "R18.22")
async def test_the_whole_stack_comes_up_survives_a_kill_and_goes_down(project: Project) -> None:
    info = project.json("up", "--detach")

    assert info == json.loads(project.layout.dev_info.read_text())
    assert set(info["metrics"]) == {"trigger_api", "evaluator", "dispatcher", "audit"}
    for url in info["metrics"].values():
        assert b"# HELP ensue_" in _get(url)
    assert _published(info["api_url"], info["api_key"]) == 202
    assert info["admin_api_key"] not in (None, info["api_key"])

    before = project.process("evaluator")
    project.kill("evaluator")
    await eventually(lambda: _assert_back(project, before), within=BACK_WITHIN)
    shown = project.run("status")
    assert shown.returncode == 0
    assert next(line for line in shown.stdout.splitlines() if line.startswith("evaluator")).split()[-1] == "1"
    assert '"process": "audit"' in project.run("logs", "audit", "--json").stdout

    assert project.json("up", "--detach") == info, "the running one is used"
    assert project.json("down") == {"was_running": True}
    assert project.left_processes() == []
    assert not project.layout.dev_info.exists()
    assert project.json("status", code=1)["phase"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_stack_in_the_foreground_ends_with_its_command(project: Project, number: signal.Signals) -> None:
    assert project.run("down").returncode == 0
    with project.start("up", "--no-services") as foreground:
        assert foreground.stdout is not None
        if not any(line.startswith("More") for line in iter(foreground.stdout.readline, "")):
            pytest.fail(f"it ended: {foreground.communicate(timeout=SECONDS)}")
        foreground.send_signal(number)
        said = foreground.communicate(timeout=SECONDS)
    assert foreground.returncode == 0, said
    assert project.left_processes() == []


async def test_a_stack_in_the_foreground_ends_even_if_its_command_is_killed(project: Project) -> None:
    assert project.run("down").returncode == 0
    with project.start("up", "--no-services") as foreground:
        await eventually(lambda: _assert_ready(project), within=BACK_WITHIN)
        foreground.kill()
        foreground.communicate(timeout=SECONDS)
    await eventually(lambda: _assert_nothing_left(project), within=BACK_WITHIN)
    assert project.json("status", code=1)["phase"] == "stopped"


@pytest.mark.requirement("R18.22")
@pytest.mark.parametrize(
    ("variables", "code", "says"),
    [
        ({"ENSUE_DEVSTACK": "podman"}, 2, "neither 'processes' (the default) nor 'docker'"),
        ({"ENSUE_KAFKA_JARS": "/nowhere"}, 2, "ENSUE_KAFKA_JARS=/nowhere lacks"),
        ({"ENSUE_CACHE": "{root}/cache", "ENSUE_MAVEN_REPOSITORY": "http://127.0.0.1:1/"}, 3, "Without a network"),
    ],
)
def test_a_stack_that_cannot_be_had_says_what_to_do(
    tmp_path: Path, variables: dict[str, str], code: int, says: str
) -> None:
    project = Project(tmp_path)
    filled = {name: value.format(root=project.root) for name, value in variables.items()}
    done = project.run("up", "--detach", **filled)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert project.left_processes() == []


def test_a_service_with_a_wrong_setting_ends_up_at_once_and_is_quoted_once(project: Project) -> None:
    assert project.run("down").returncode == 0
    done = project.run("up", "--detach", ENSUE_MAX_UNINDEXED_TRIGGERS="many")
    assert done.returncode == 2
    assert done.stderr.count("ENSUE_MAX_UNINDEXED_TRIGGERS: 'many' is wrong") == 1
    assert project.layout.log("trigger_api").read_text().count("The settings are wrong") == 1
    assert project.left_processes() == []


@pytest.mark.requirement("R18.22")
@pytest.mark.parametrize("arguments", [("logs", "nobody"), ("up", "--root", "/nowhere"), ("status", "--nonsense")])
def test_wrong_input_is_named(project: Project, arguments: tuple[str, ...]) -> None:
    done = project.run(*arguments)
    assert done.returncode == 2
    assert arguments[-1] in done.stderr


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of our own stack
        body: bytes = answer.read()
        return body


def _published(api_url: str, key: str) -> int:
    """The answer's status for one event in structured mode, as any program would send it."""
    event = {"specversion": "1.0", "id": "1", "source": "urn:test", "type": "variant.approved", "data": {}}
    request = urllib.request.Request(  # noqa: S310 - an address of our own stack
        f"{api_url}/api/v1/events",
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/cloudevents+json", "Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
        status: int = answer.status
        return status


def _assert_back(project: Project, before: ProcessState) -> None:
    now = project.process(before.name)
    assert now.pid not in (None, before.pid)
    assert now.restarts == before.restarts + 1
    assert now.condition is Condition.READY, now.reason


def _assert_ready(project: Project) -> None:
    assert project.status().is_ready


def _assert_nothing_left(project: Project) -> None:
    assert project.left_processes() == []
