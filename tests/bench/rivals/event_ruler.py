"""AWS event-ruler as a driver: its jars from Maven, the driver's source compiled by the JDK that is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

VERSION: Final = "2.1.0"
DRIVER: Final = Path(__file__).with_name("EventRulerDriver.java")


def command() -> list[str] | None:
    """The driver's command; None where there is no JDK."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        return None
    return [java, "-Xmx6g", "-cp", os.pathsep.join(map(str, _jars())), str(DRIVER)]


def _jars() -> list[Path]:
    from jgo.maven import MavenContext, PythonResolver
    from jgo.maven._core import Dependency

    repository = os.environ.get("ENSUE_MAVEN_REPOSITORY")
    context = MavenContext(resolver=PythonResolver(), remote_repos={"central": repository} if repository else None)
    artifact = context.project("software.amazon.event.ruler", "event-ruler").at_version(VERSION).artifact()
    found, transitive = context.resolver.resolve([Dependency(artifact)])
    return [Path(dependency.artifact.resolve()) for dependency in (*found, *transitive)]
