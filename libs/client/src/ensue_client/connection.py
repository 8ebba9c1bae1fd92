"""Which API to talk to, and with which key: as said, else from the environment, else the running stack of this folder.

Called by the client and by every command. The file `.ensue/dev.json` is written by `ensue dev up`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from ensue.core.errors import InvalidValue, Unavailable
from ensue_client.settings import ClientSettings

DEV_FILE = Path(".ensue") / "dev.json"


@dataclass(frozen=True, slots=True)
class Connection:
    """An API and a key for it."""

    api_url: str
    api_key: str

    def __repr__(self) -> str:
        """Without the key: this ends up in tracebacks and logs."""
        return f"Connection(api_url={self.api_url!r})"


def find_connection(api_url: str | None = None, api_key: str | None = None, start: Path | None = None) -> Connection:
    """Arguments first, then ENSUE_API_URL and ENSUE_API_KEY, then `.ensue/dev.json` in `start` (here) or above.

    Raises Unavailable when nothing names an API, InvalidValue when only its key is missing.
    """
    settings = ClientSettings()
    url, key = api_url or settings.api_url, api_key or settings.api_key
    if not (url and key) and (found := find_dev_file(start or Path.cwd())):
        dev = read_dev_file(found)
        # The stack's own key is given to the stack's own address alone.
        if url is None or url == dev.api_url:
            url, key = dev.api_url, key or dev.api_key
    if not url:
        raise Unavailable(
            f"no API is known: start one with `ensue dev up`, or set ENSUE_API_URL ({DEV_FILE} not found)"
        )
    if not key:
        raise InvalidValue(f"no key for {url}: set ENSUE_API_KEY, or give --api-key")
    return Connection(_checked(url), key)


def find_dev_file(start: Path) -> Path | None:
    """The nearest `.ensue/dev.json` in `start` or a folder above it."""
    folders = (start.resolve(), *start.resolve().parents)
    return next((folder / DEV_FILE for folder in folders if (folder / DEV_FILE).is_file()), None)


def read_dev_file(path: Path) -> Connection:
    """The API and key that a running stack wrote down."""
    try:
        content = orjson.loads(path.read_bytes())
        return Connection(str(content["api_url"]), str(content["api_key"]))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidValue(f"{path} cannot be read ({type(error).__name__}): `ensue dev up` writes it anew") from error


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise InvalidValue(f"the API's address must begin with http:// or https://, not {url!r}")
    return url.rstrip("/")
