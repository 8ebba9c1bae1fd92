"""Documents from files: JSON, JSON lines or YAML, one or many in a file. Called by the commands that take files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import yaml

from ensue.core.errors import InvalidValue
from ensue.core.json import Json, JsonObject

STDIN = "-"


def read_documents(files: Sequence[Path]) -> list[JsonObject]:
    """Every document of the files, in their order; `-` is the standard input. A list counts as its members."""
    return [document for file in files for document in _documents(str(file))]


def _documents(name: str) -> Iterator[JsonObject]:
    for content in _contents(name, _text(name)):
        for document in content if isinstance(content, list) else [content]:
            if not isinstance(document, dict):
                raise InvalidValue(f"{name}: a document must be an object, not {type(document).__name__}")
            yield document


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == STDIN else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidValue(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{name} is not UTF-8 text (byte {error.start})") from error


def _contents(name: str, text: str) -> list[Json]:
    """YAML, of which JSON is a part, in one or several documents; or one JSON value a line."""
    try:
        return [content for content in yaml.load_all(text, Loader=yaml.CSafeLoader) if content is not None]
    except yaml.YAMLError as yaml_error:
        try:
            return [orjson.loads(line) for line in text.splitlines() if line.strip()]
        except orjson.JSONDecodeError:
            raise InvalidValue(f"{name} is neither YAML nor JSON: {yaml_error}") from yaml_error
