"""The layers hold, and the contracts are shown to see an arrow that is drawn the wrong way."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.house.source import PROGRAMS, ROOT

CONTRACTS = ROOT / ".importlinter"
LINTER = str(PROGRAMS / "lint-imports")
SERVICES = ("trigger_api", "evaluator", "dispatcher", "audit")
LAYERS = ("core", "wire", "matching", "actions", "runtime", "kafka", "postgres", "testing")
MODULES = ("cli", "commands", "explain_command", "match_command", "files", "exits")

WRONG_ARROWS = {
    "ensue/core/clock.py": "import time",
    "ensue/core/parsing.py": "from ensue import wire",
    "ensue/kafka/rows.py": "from ensue import postgres",
    "ensue/drawer.py": "",  # in no layer
    "evaluator/peek.py": "import dispatcher",
    "audit/doubles.py": "from ensue import testing",
    "ensue_client/stack.py": "import ensue_devstack",
    "ensue_devstack/shortcut.py": "import trigger_api",
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """The linter's judgement on the packages in `folder`."""
    return subprocess.run(
        [LINTER, "--config", str(folder / CONTRACTS.name), "--no-cache"],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Empty packages under the real contracts."""
    shutil.copy(CONTRACTS, tmp_path)
    for package in ("ensue_client", "ensue_devstack", *SERVICES, *(f"ensue/{layer}" for layer in LAYERS)):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
    for module in ("__init__", *MODULES):
        (tmp_path / "ensue" / f"{module}.py").touch()
    return tmp_path


@pytest.mark.requirement("R18.6")
def test_the_layers_hold() -> None:
    done = subprocess.run([LINTER], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_an_empty_house_is_in_order(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", sorted(WRONG_ARROWS))
def test_a_wrong_arrow_is_seen(house: Path, module: str) -> None:
    (house / module).write_text(WRONG_ARROWS[module] + "\n")
    done = lint(house)
    assert done.returncode != 0, f"{module} was let through: {done.stdout}"
