"""A process that owns one container: starts it, waits for its end, removes it when asked to end.

`python -m ensue_devstack.container kafka|postgres IDENTITY PORT`, and `check` or `forget` IDENTITY. Started by
`containers`; the only importer of testcontainers, which comes with the extra `docker`.
"""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from docker.errors import DockerException, NotFound
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from ensue_devstack.kafka_jars import VERSION
from ensue_devstack.kafka_server import BROKER
from ensue_devstack.ports import ADDRESS

KAFKA_IMAGE = f"apache/kafka:{VERSION}"
POSTGRES_IMAGE = "postgres:18"
NAMES = ("kafka", "postgres")
STOP_SECONDS = 15


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when asked to end, 1 if the container ended by itself, 3 if Docker does not answer."""
    request, identity, *rest = arguments
    try:
        docker = DockerClient()
        if request == "check":
            docker.client.ping()
            return 0
        if request == "forget":
            return _forget(docker, identity)
        return _own(request, identity, int(rest[0]))
    except (DockerException, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 3


def _own(name: str, identity: str, port: int) -> int:
    signal.signal(signal.SIGTERM, _end)
    container = (_kafka if name == "kafka" else _postgres)(identity, port)
    container.with_name(_named(identity, name))
    _remove(container.get_docker_client(), _named(identity, name))
    container.start()
    try:
        return _wait(container)
    finally:
        container.get_wrapped_container().stop(timeout=STOP_SECONDS)
        container.stop(delete_volume=False)


def _kafka(identity: str, port: int) -> DockerContainer:
    cluster = base64.urlsafe_b64encode(hashlib.sha256(identity.encode()).digest()[:16]).decode().rstrip("=")
    settings = {
        **BROKER,
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": f"PLAINTEXT://{ADDRESS}:{port}",
        "log.dirs": "/var/lib/kafka/data",
    }
    container = DockerContainer(KAFKA_IMAGE)
    container.with_env("CLUSTER_ID", cluster)
    for key, value in settings.items():
        container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
    container.with_volume_mapping(_named(identity, "kafka"), "/var/lib/kafka/data", mode="rw")
    container.with_env("KAFKA_HEAP_OPTS", "-Xmx512m")
    container.ports["9092/tcp"] = (ADDRESS, port)
    return container


def _postgres(identity: str, port: int) -> DockerContainer:
    container = DockerContainer(POSTGRES_IMAGE, command="postgres -c max_connections=300")
    container.with_env("POSTGRES_PASSWORD", os.environ["ENSUE_POSTGRES_PASSWORD"])
    container.with_volume_mapping(_named(identity, "postgres"), "/var/lib/postgresql", mode="rw")
    container.ports["5432/tcp"] = (ADDRESS, port)
    return container


def _wait(container: DockerContainer) -> int:
    """Copies its output until it ends."""
    for chunk in container.get_wrapped_container().logs(stream=True, follow=True):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    return 1


def _forget(docker: DockerClient, identity: str) -> int:
    for name in NAMES:
        _remove(docker, _named(identity, name))
        try:
            docker.client.volumes.get(_named(identity, name)).remove(force=True)
        except NotFound:
            continue
    return 0


def _remove(docker: DockerClient, name: str) -> None:
    """Remove a container that an owner which was killed left behind."""
    try:
        docker.client.containers.get(name).remove(force=True)
    except NotFound:
        return


def _named(identity: str, name: str) -> str:
    return f"ensue-{identity}-{name}"


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
