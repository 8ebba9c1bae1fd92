"""Which installed services own a schema, where their migrations lie, and a fingerprint of them all.

Called by the supervisor (a new stack) and by the pytest plugin (the template database).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OWNERS = {"triggers": "trigger_api", "dispatch": "dispatcher", "audit": "audit"}
BOOTSTRAP_PACKAGE = "ensue.postgres"


@dataclass(frozen=True, slots=True)
class Schema:
    """One schema, the package of the service that owns it, and the folder with its numbered SQL files."""

    name: str
    package: str
    migrations: Path


def installed_schemas() -> tuple[Schema, ...]:
    """Every schema whose service is installed and has migrations, in the order in which they are made."""
    found = ((name, package, folder_of(package)) for name, package in OWNERS.items())
    return tuple(
        Schema(name, package, folder / "migrations")
        for name, package, folder in found
        if folder is not None and any((folder / "migrations").glob("*.sql"))
    )


def folder_of(package: str) -> Path | None:
    """The folder of an installed package, or None; a subpackage's parent is imported, the package itself is not."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def fingerprint(schemas: Sequence[Schema]) -> str:
    """Twelve hex digits that change with any file from which a database is made: migrations, roles, grants."""
    digest = hashlib.sha256()
    for label, file in _files(schemas):
        content = file.read_bytes()
        digest.update(f"{label}/{file.name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _files(schemas: Sequence[Schema]) -> Iterator[tuple[str, Path]]:
    for schema in schemas:
        yield from ((schema.name, file) for file in sorted(schema.migrations.glob("*.sql")))
    bootstrap = folder_of(BOOTSTRAP_PACKAGE)
    if bootstrap is not None:
        yield from (("roles", file) for file in sorted(bootstrap.glob("*.sql")))
        yield from (("roles", file) for file in sorted(bootstrap.glob("migrate*.py")))
