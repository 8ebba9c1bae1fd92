"""The OpenAPI document: what the framework cannot see by itself (bodies, error answers, keys) is said here.

Bodies are read by our own strict reader, so their schemas are given by the routes; every operation's error answers are
problem documents, and the framework's own 422 is taken out, because invalid content is 400 here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from trigger_api import problems
from trigger_api.access import SECURITY_SCHEMES

TITLE: Final = "Ensue"
VERSION: Final = "1"
_COMMON: Final = (problems.UNAUTHENTICATED, problems.INTERNAL, problems.UNAVAILABLE)
_PROBLEM_REF: Final = {"$ref": "#/components/schemas/ProblemModel"}


def errors(*kinds: problems.ProblemType) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation, beside those that every operation has; kinds may share a status."""
    titles: dict[int, list[str]] = {}
    for kind in (*kinds, *_COMMON):
        titles.setdefault(kind.status, []).append(kind.title)
    return {
        status: {"description": "; ".join(said), "content": {problems.MEDIA_TYPE: {"schema": _PROBLEM_REF}}}
        for status, said in titles.items()
    }


def body(schemas: Mapping[str, Mapping[str, Any]], *, example: object = None) -> dict[str, Any]:
    """The request body of an operation, by media type."""
    content: dict[str, Any] = {media: {"schema": dict(schema)} for media, schema in schemas.items()}
    if example is not None:
        next(iter(content.values()))["example"] = example
    return {"requestBody": {"required": True, "content": content}}


def install(app: FastAPI) -> None:
    """Let the application answer this document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=TITLE, version=VERSION, summary="When X happens, Y ensues.", routes=app.routes)
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    schemas = components.setdefault("schemas", {})
    problem = problems.ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["ProblemModel"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schema["security"] = [{name: []} for name in SECURITY_SCHEMES]
    for operation in _operations(schema):
        operation["responses"].pop("422", None)
    return schema


def _operations(schema: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for path in schema["paths"].values():
        yield from path.values()
