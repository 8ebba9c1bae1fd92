"""Query parameters that several routes share. An unknown parameter is refused: a misspelled one must not be ignored."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel


class NoOptions(BaseModel):
    """No query parameters."""

    model_config = {"extra": "forbid"}


WithoutOptions = Annotated[NoOptions, Query()]
