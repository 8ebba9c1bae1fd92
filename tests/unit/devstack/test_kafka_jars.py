"""The pinned jars: what is there counts only byte for byte, and without a network the error says what to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ensue.core.errors import InvalidValue, Unavailable
from ensue_devstack.kafka_jars import JARS_VARIABLE, VERSION, Jar, cache_folder, jars_folder, pinned
from ensue_devstack.progress import silent

NOBODY = "http://127.0.0.1:1/maven2"


def test_the_list_pins_kafka_and_all_that_it_needs() -> None:
    jars = pinned()
    assert {("kafka_2.13", VERSION), ("kafka-clients", VERSION)} <= {(jar.artifact, jar.version) for jar in jars}
    assert len({jar.name for jar in jars}) == len(jars) > 40
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)


def test_a_jar_is_there_only_if_it_is_the_same(tmp_path: Path) -> None:
    jar = Jar(hashlib.sha256(b"right").hexdigest(), 5, "org.example", "thing", "1.0")
    assert not jar.is_in(tmp_path)
    (tmp_path / "thing-1.0.jar").write_bytes(b"wrong")
    assert not jar.is_in(tmp_path)
    (tmp_path / "thing-1.0.jar").write_bytes(b"right")
    assert jar.is_in(tmp_path)


def test_the_cache_is_the_users_unless_it_is_named() -> None:
    assert cache_folder({"ENSUE_CACHE": "/somewhere"}) == Path("/somewhere")
    assert cache_folder({"XDG_CACHE_HOME": "/caches"}) == Path("/caches/ensue")
    assert cache_folder({}) == Path.home() / ".cache" / "ensue"


def test_a_folder_that_lacks_jars_is_refused_and_they_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=rf"{JARS_VARIABLE}=.*lacks {len(pinned())} of the jars"):
        jars_folder({JARS_VARIABLE: str(tmp_path)}, silent)


def test_without_a_network_the_error_names_every_way_out(tmp_path: Path) -> None:
    environment = {"ENSUE_CACHE": str(tmp_path), "ENSUE_MAVEN_REPOSITORY": NOBODY}
    with pytest.raises(Unavailable) as error:
        jars_folder(environment, silent)
    ways = ("KAFKA_BOOTSTRAP", "DATABASE_URL", JARS_VARIABLE, "ENSUE_MAVEN_REPOSITORY", "ENSUE_DEVSTACK=docker")
    assert all(way in str(error.value) for way in ways)
    assert not (tmp_path / f"kafka-{VERSION}").exists()
