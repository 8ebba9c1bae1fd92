"""What the environment tells a client. Read by `connection` alone."""

from __future__ import annotations

from pydantic import Field

from ensue.runtime.settings import EnsueSettings


class ClientSettings(EnsueSettings):
    """Where the API is, and the key for it."""

    api_url: str | None = Field(default=None, description="Address of the API, such as http://127.0.0.1:8080.")
    api_key: str | None = Field(default=None, description="Key of the API.", repr=False)
