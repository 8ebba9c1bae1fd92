"""The folder `.ensue/` of a stack: what lies where, what is kept between starts, and how files in it are written.

Called by every module of devstack. Kept there, so that a restart keeps its addresses and its data: the ports, the
secrets (readable by their owner alone), the servers' data, and the logs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = ".ensue"
MARKER = "ENSUE_STACK"  # in the environment of every process of a stack: the folder that it belongs to


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one stack. `home` is absolute and free of symbolic links: it is also the stack's identity."""

    home: Path

    @classmethod
    def of(cls, root: Path) -> Layout:
        """The stack of the project in `root`."""
        return cls((root / FOLDER).resolve())

    @property
    def identity(self) -> str:
        """Twelve hex digits that tell this stack from every other of the machine."""
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:12]

    @property
    def ports(self) -> Path:
        return self.home / "ports.json"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def state(self) -> Path:
        return self.home / "state.json"

    @property
    def dev_info(self) -> Path:
        return self.home / "dev.json"

    @property
    def wanted(self) -> Path:
        return self.home / "wanted.json"

    @property
    def starting_lock(self) -> Path:
        """Held by the one `up` that is starting a stack."""
        return self.home / "starting.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.home / "supervisor.lock"

    @property
    def kafka(self) -> Path:
        return self.home / "kafka"

    @property
    def postgres(self) -> Path:
        """A folder, or a link to one where the server's user can reach it."""
        return self.home / "postgres"

    @property
    def postgres_data(self) -> Path:
        """Where the server works; it and its children, and nobody else."""
        return self.postgres.resolve() / "data"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def marker(self) -> dict[str, str]:
        """What marks a process as belonging to this stack."""
        return {MARKER: str(self.home)}

    def make(self) -> None:
        """Make the folders. Others may pass through (PostgreSQL runs as another user than root) but not look."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.logs.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace `path` as a whole, readable by its owner alone; nobody ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def read_json(path: Path) -> dict[str, object]:
    """The object in `path`; empty if there is none or it cannot be read as one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Secrets:
    """The random secrets of a stack, made once. The API keys live with the database they were made in."""

    postgres_password: str
    webhook_secret: str

    @classmethod
    def kept(cls, layout: Layout) -> Secrets:
        """Those of this stack; made and kept if there are none yet."""
        found = read_json(layout.secrets)
        made = cls(
            postgres_password=str(found.get("postgres_password") or secrets.token_hex(16)),
            webhook_secret=str(found.get("webhook_secret") or _webhook_secret()),
        )
        keep_secrets(layout, {"postgres_password": made.postgres_password, "webhook_secret": made.webhook_secret})
        return made


def keep_secrets(layout: Layout, values: Mapping[str, object]) -> None:
    """Add to the secrets kept in this stack's folder."""
    found = read_json(layout.secrets)
    if any(found.get(name) != value for name, value in values.items()):
        write_private(layout.secrets, json.dumps({**found, **values}, indent=2))


def _webhook_secret() -> str:
    """In the form of Standard Webhooks: `whsec_` and 24 to 64 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
