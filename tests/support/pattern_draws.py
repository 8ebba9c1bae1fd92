# ruff: noqa: ANN401  # JSON values are any
"""Random patterns and events over a small vocabulary, so that they meet often. Drawn from a seeded `random.Random`."""

from __future__ import annotations

from random import Random
from typing import Any

TEXTS = (
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "Ab",
    "ABC",
    "xbc",
    "xabcdy",
    "cde",
    "zcde",
    "10.0.0.1",
    "10.0.1.7",
    "b*d",
)
NUMBERS: tuple[int | float, ...] = (0, 1, -1, 1.0, 0.0, -0.0, 2, 2.5, 3, 7, 10, 1e3, 2**40)
PATHS = (
    ("type",),
    ("source",),
    ("detail", "k"),
    ("detail", "n"),
    ("detail", "tags"),
    ("detail", "o", "x"),
    ("detail", "o", "y"),
)


def scalar(random: Random) -> Any:
    """A scalar of any type."""
    draw = random.random()
    if draw < 0.5:
        return random.choice(TEXTS)
    if draw < 0.85:
        return random.choice(NUMBERS)
    return random.choice((True, False, None))


def matcher(random: Random) -> Any:
    """One element of a field's list."""
    return random.choice(_MATCHERS)(random)


def _anything_but(random: Random) -> Any:
    kind = random.randrange(6)
    texts = [random.choice(TEXTS[1:14]) for _ in range(random.randint(1, 3))]
    if kind == 0:
        return {"anything-but": random.sample(NUMBERS, 2)}
    if kind < 3:
        return {"anything-but": texts if kind == 1 else texts[0]}
    name = ("prefix", "suffix", "equals-ignore-case")[kind - 3]
    return {"anything-but": {name: texts[0] if random.random() < 0.5 else texts}}


def _numeric(random: Random) -> Any:
    low, high = sorted(random.sample((-1, 0, 0.5, 1, 2, 3, 5, 7, 10, 100), 2))
    return {
        "numeric": random.choice(
            (
                ["=", low], ["<", high], ["<=", high], [">", low], [">=", low],
                [">", low, "<", high], [">=", low, "<=", high], [">=", low, "<", high],
            )
        )
    }  # fmt: skip


def _wildcard(random: Random) -> Any:
    parts = [random.choice(("", "a", "b", "bc", "cde", "abcd")) for _ in range(random.randint(1, 4))]
    text = "*".join(parts)
    return {"wildcard": text} if "**" not in text else {"wildcard": "*"}


_MATCHERS = (
    scalar,
    scalar,
    lambda random: {"prefix": random.choice(TEXTS)},
    lambda random: {"suffix": random.choice(TEXTS)},
    lambda random: {"prefix": {"equals-ignore-case": random.choice(TEXTS)}},
    lambda random: {"suffix": {"equals-ignore-case": random.choice(TEXTS)}},
    lambda random: {"equals-ignore-case": random.choice(TEXTS)},
    _anything_but,
    _anything_but,
    _numeric,
    _numeric,
    _wildcard,
    lambda random: {"exists": random.random() < 0.5},
    lambda random: {"cidr": random.choice(("10.0.0.0/24", "10.0.0.0/8"))},
)


def pattern(random: Random) -> dict[str, Any]:
    """A pattern; each path at most once, now and then with `$or`."""
    paths = random.sample(PATHS, random.randint(1, 4))
    cut = random.randint(1, len(paths)) if random.random() < 0.2 else len(paths)
    made = _fields(random, paths[:cut])
    if len(paths) - cut >= 1:
        alternatives = [_fields(random, [path]) for path in (*paths[cut:], paths[cut])]
        made["$or"] = alternatives
    return made


def _fields(random: Random, paths: list[tuple[str, ...]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path in paths:
        place = made
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = [matcher(random) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    return made


def event(random: Random) -> dict[str, Any]:
    """An event: scalars mostly, else arrays of scalars, of objects, of arrays, and objects where scalars are read."""
    detail: dict[str, Any] = {}
    made: dict[str, Any] = {"type": value(random), "id": "1", "detail": detail}
    if random.random() < 0.7:
        made["source"] = value(random)
    for name in ("k", "n", "tags"):
        if random.random() < 0.8:
            detail[name] = value(random)
    inner = [{name: value(random) for name in ("x", "y") if random.random() < 0.8} for _ in range(3)]
    detail["o"] = random.choice(
        (inner[0], inner[0], inner[0], inner, [inner[:2], inner[2]], "abc", None, [1, inner[0]])
    )
    return made


def value(random: Random) -> Any:
    """What may stand at a path."""
    draw = random.random()
    if draw < 0.9:
        return scalar(random)
    if draw < 0.97:
        return [scalar(random) for _ in range(random.randint(0, 3))]
    return random.choice(([[scalar(random)], scalar(random)], {"z": 1}, {}))
