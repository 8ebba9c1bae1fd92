"""The jars of Apache Kafka: fetched once from a Maven repository into a cache of the user, checked byte for byte.

`kafka_jars.txt` beside this module pins them: checksum, size and coordinates of each. Called by `up` (which shows the
progress) and by the Kafka server. To move to another version: change VERSION, run
`python -m ensue_devstack.kafka_jars > kafka_jars.txt`, run the tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ensue.core.errors import InvalidValue, Unavailable
from ensue_devstack.locks import alone
from ensue_devstack.progress import Progress, Report

VERSION = "4.3.1"
KAFKA = "org.apache.kafka:kafka_2.13"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"  # without it Kafka logs nothing
LIST = Path(__file__).with_name("kafka_jars.txt")

JARS_VARIABLE = "ENSUE_KAFKA_JARS"
REPOSITORY_VARIABLE = "ENSUE_MAVEN_REPOSITORY"
CACHE_VARIABLE = "ENSUE_CACHE"
INCOMING = "incoming"
FETCHING_AT_ONCE = 4
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned file."""

    sha256: str
    size: int
    group: str
    artifact: str
    version: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    def is_in(self, folder: Path) -> bool:
        """Whether `folder` has exactly this file."""
        try:
            return hashlib.sha256((folder / self.name).read_bytes()).hexdigest() == self.sha256
        except OSError:
            return False


def pinned() -> tuple[Jar, ...]:
    """Every jar that a broker needs."""
    lines = (line.split() for line in LIST.read_text(encoding="utf-8").splitlines())
    return tuple(Jar(sha256, int(size), *coordinates.split(":")) for sha256, size, coordinates in lines)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where fetched things stay for all stacks of this user."""
    if environment.get(CACHE_VARIABLE):
        return Path(environment[CACHE_VARIABLE])
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ensue"


def jars_folder(environment: Mapping[str, str], report: Report) -> Path:
    """A folder with exactly the pinned jars, fetched if need be. Unavailable, with what to do, if they cannot be."""
    given = environment.get(JARS_VARIABLE)
    if given:
        return _checked(Path(given))
    cache = cache_folder(environment)
    folder = cache / f"kafka-{VERSION}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with alone(cache / f"kafka-{VERSION}.lock"):
            if not folder.is_dir():  # another process fetched them while this one waited
                _fetch_all(folder, environment.get(REPOSITORY_VARIABLE), report)
    return folder


def _checked(folder: Path) -> Path:
    absent = [jar.name for jar in pinned() if not jar.is_in(folder)]
    if absent:
        raise InvalidValue(
            f"{JARS_VARIABLE}={folder} lacks {len(absent)} of the jars of Kafka {VERSION}, or has others: "
            f"{', '.join(absent[:5])}{' ...' if len(absent) > 5 else ''}. The list with checksums is {LIST}"
        )
    return folder


def _fetch_all(folder: Path, repository: str | None, report: Report) -> None:
    """Fetch what a former attempt did not leave whole; the folder gets its name only when all is there."""
    jars = pinned()
    unfinished = folder.with_name(folder.name + ".unfinished")
    unfinished.mkdir(exist_ok=True)
    missing = [jar for jar in jars if not jar.is_in(unfinished)]
    done = list(set(jars) - set(missing))
    with ThreadPoolExecutor(FETCHING_AT_ONCE) as pool:
        fetching = {pool.submit(_fetch, jar, unfinished, repository): jar for jar in missing}
        try:
            for finished in as_completed(fetching):
                finished.result()
                done.append(fetching[finished])
                report(_progress(done, jars))
        except Exception as error:
            pool.shutdown(cancel_futures=True)
            raise Unavailable(_what_to_do(error)) from error
    shutil.rmtree(unfinished / INCOMING, ignore_errors=True)
    unfinished.rename(folder)


def _progress(done: Sequence[Jar], jars: Sequence[Jar]) -> Progress:
    megabytes, total = (sum(jar.size for jar in some) / 1e6 for some in (done, jars))
    return Progress(
        f"fetching Apache Kafka {VERSION}: {len(done)} of {len(jars)} jars, {megabytes:.0f} of {total:.0f} MB",
        done=megabytes,
        total=total,
    )


def _fetch(jar: Jar, folder: Path, repository: str | None) -> None:
    from jgo.maven import MavenContext, PythonResolver

    incoming = folder / INCOMING / jar.artifact
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=incoming,
        remote_repos={"central": repository} if repository else None,
        timeout=TIMEOUT_SECONDS,
    )
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    shutil.rmtree(incoming, ignore_errors=True)  # half a file of an attempt that was cut off
    artifact.resolve().rename(folder / jar.name)
    shutil.rmtree(incoming)
    if not jar.is_in(folder):
        (folder / jar.name).unlink()
        raise Unavailable(f"{jar.name} came with another checksum than the pinned one")


def _what_to_do(error: Exception) -> str:
    return (
        f"the jars of Apache Kafka {VERSION} could not be fetched ({error}).\n"
        "  Where a proxy signs with its own certificate, name its authority with REQUESTS_CA_BUNDLE=file.\n"
        f"  Without a network, either name a running broker with KAFKA_BOOTSTRAP=host:port (and DATABASE_URL),\n"
        f"  or a folder with the jars with {JARS_VARIABLE}=folder (their list is {LIST}),\n"
        f"  or a mirror of Maven Central with {REPOSITORY_VARIABLE}=https://...,\n"
        "  or use containers with ENSUE_DEVSTACK=docker. Then run the command again: what came already is kept."
    )


def resolved() -> Iterator[Jar]:
    """What a Maven resolver finds for VERSION today: the content of a new list."""
    from jgo.maven import MavenContext, PythonResolver
    from jgo.maven._core import Dependency

    context = MavenContext(resolver=PythonResolver())
    group, artifact = KAFKA.split(":")
    kafka = Dependency(context.project(group, artifact).at_version(VERSION).artifact())
    found, transitive = context.resolver.resolve([kafka])
    group, artifact, version = LOGGING.split(":")
    logging = context.project(group, artifact).at_version(version).artifact()
    for each in [*(dependency.artifact for dependency in (*found, *transitive)), logging]:
        content = each.resolve().read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        yield Jar(digest, len(content), each.groupId, each.artifactId, each.version)


if __name__ == "__main__":
    for one in sorted(resolved(), key=lambda jar: (jar.group, jar.artifact)):
        sys.stdout.write(f"{one.sha256} {one.size} {one.group}:{one.artifact}:{one.version}{os.linesep}")
