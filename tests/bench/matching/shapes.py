"""The shapes of rules that matching is measured on: patterns, and events of which a known few rules match.

Each shape keeps the matches an event constant while the number of rules grows. Used by `tests.bench.matching`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

Pattern = dict[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """pattern(random, index, count): the rule of that index among `count`; event(random, count): one event."""

    name: str
    pattern: Callable[[Random, int, int], Pattern]
    event: Callable[[Random, int], Document]


def _document(random: Random, event_type: str, detail: Document) -> Document:
    """An event of about 700 bytes, as a bus carries it; what rules read is neither first nor last."""
    return {
        "version": "0",
        "id": f"{random.getrandbits(128):032x}",
        "account": "123456789012",
        "region": random.choice(("eu-central-1", "us-east-1", "us-west-2")),
        "resources": [],
        "source": "studio.pipeline",
        "time": "2026-01-31T09:30:00Z",
        "type": event_type,
        "detail": {
            "request": {
                "agent": "pipeline/4.1 (batch)",
                "address": "10.1.2.3",
                "trace": f"{random.getrandbits(64):016x}",
            },
            "labels": {"team": "render", "stage": "production", "cost": "c-1187", "owner": "shots"},
            **detail,
            "note": "x" * 160,
            "metrics": {"cpu": random.random(), "memory": random.getrandbits(30), "frames": 240},
        },
    }


def _key(number: int) -> str:
    return f"variant-{number * 2654435761 % 4294967296:08x}"


def _type(index: int) -> str:
    return f"kind.{index % 20}"


def equality(random: Random, index: int, count: int) -> Pattern:
    return {"type": [_type(index)], "detail": {"variant": [_key(index)], "tier": ["gold"]}}


def equality_event(random: Random, count: int) -> Document:
    index = random.randrange(count)
    return _document(random, _type(index), {"tier": "gold", "variant": _key(index)})


def ranges(random: Random, index: int, count: int) -> Pattern:
    low = index * 1000 / count
    return {"type": ["score.computed"], "detail": {"score": [{"numeric": [">=", low, "<", low + 3000 / count]}]}}


def ranges_event(random: Random, count: int) -> Document:
    return _document(random, "score.computed", {"score": random.random() * 1000})


def texts(random: Random, index: int, count: int) -> Pattern:
    key = _key(index)[8:]
    matcher = ({"prefix": f"s3://{key}/"}, {"suffix": f"/{key}.exr"}, {"wildcard": f"s3://*/shot-{key}/*.exr"})[
        index % 3
    ]
    return {"type": ["file.written"], "detail": {"path": [matcher]}}


def texts_event(random: Random, count: int) -> Document:
    first, second, third = (_key(random.randrange(count))[8:] for _ in range(3))
    return _document(random, "file.written", {"path": f"s3://{first}/project/shot-{third}/{second}.exr"})


def lists(random: Random, index: int, count: int) -> Pattern:
    keys = [_key(random.randrange(count * 10 // 3)) for _ in range(10)]
    return {"type": ["variant.approved"], "detail": {"variant": keys, "tier": [("gold", "silver")[index % 2]]}}


def lists_event(random: Random, count: int) -> Document:
    variant = _key(random.randrange(count * 10 // 3))
    return _document(random, "variant.approved", {"tier": random.choice(("gold", "silver")), "variant": variant})


def hot(random: Random, index: int, count: int) -> Pattern:
    groups = max(1, count // 50)
    return {"type": ["job.finished"], "detail": {"queue": [f"queue-{index % groups}"]}}


def hot_event(random: Random, count: int) -> Document:
    return _document(random, "job.finished", {"queue": f"queue-{random.randrange(max(1, count // 50))}"})


_NEGATED = ("project", "artist", "stage", "format", "camera")


def negation(random: Random, index: int, count: int) -> Pattern:
    """Half excludes most values of five fields, half wants two ranges; no rule has an equality."""
    if index % 2:
        share = min(0.5, (10 / count) ** 0.5)
        low, other = random.random() * (1 - share), random.random() * (1 - share)
        score, cost = ({"numeric": [">=", each, "<", each + share]} for each in (low, other))
        return {"detail": {"score": [score], "cost": [cost]}}
    kept = min(7, max(1, int(8 * (10 / count) ** 0.2)))
    excluded = {name: random.sample(range(8), 8 - kept) for name in _NEGATED}
    return {"detail": {name: [{"anything-but": [f"{name}-{n}" for n in each]}] for name, each in excluded.items()}}


def negation_event(random: Random, count: int) -> Document:
    detail: Document = {"score": random.random(), "cost": random.random()}
    return _document(random, "render.done", detail | {name: f"{name}-{random.randrange(8)}" for name in _NEGATED})


def mixed(random: Random, index: int, count: int) -> Pattern:
    """200 shapes: which attributes a rule reads, and how, goes by its index."""
    shape, key = index % 200, _key(index // 200)
    detail: Pattern = {f"attribute-{shape % 20}": [key]}
    kind = shape // 20
    extra: Any = (
        ["gold"],
        [{"prefix": "go"}],
        [{"anything-but": ["lead", "tin"]}],
        [{"exists": True}],
        ["gold", "silver"],
        [{"suffix": "ld"}],
        [{"wildcard": "g*d"}],
        [{"equals-ignore-case": "GOLD"}],
        [{"anything-but": {"prefix": "t"}}],
        ["gold"],
    )[kind]
    detail["tier"] = extra
    if kind % 2:
        detail["score"] = [{"numeric": [">", 0]}]
    return {"type": [f"kind.{shape}"] if kind == 9 else ["studio.event"], "detail": detail}


def mixed_event(random: Random, count: int) -> Document:
    shape = random.randrange(180)
    detail = {f"attribute-{(shape + step) % 20}": f"other-{step}" for step in range(5)}
    detail[f"attribute-{shape % 20}"] = _key(random.randrange(max(1, count // 200)))
    return _document(random, "studio.event", {**detail, "tier": "gold", "score": 5})


def deep(random: Random, index: int, count: int) -> Pattern:
    return {"type": [_type(index)], "detail": {"a": {"b": {"c": {"d": {"variant": [_key(index)]}}}}}}


def deep_event(random: Random, count: int) -> Document:
    index = random.randrange(count)
    inner: Document = {"variant": _key(index)}
    for name in "dcba":
        inner = {f"{name}-text": "lorem ipsum " * 180, name: inner, f"{name}-id": random.getrandbits(40)}
    return _document(random, _type(index), inner)


def arrays(random: Random, index: int, count: int) -> Pattern:
    return {"type": [_type(index)], "detail": {"tags": [_key(index)]}}


def arrays_event(random: Random, count: int) -> Document:
    index = random.randrange(count)
    tags = [f"tag-{random.getrandbits(40):x}" for _ in range(99)]
    tags.insert(random.randrange(99), _key(index))
    return _document(random, _type(index), {"tags": tags})


SHAPES = (
    Shape("selective equality", equality, equality_event),
    Shape("numeric ranges of one type", ranges, ranges_event),
    Shape("prefix, suffix, wildcard", texts, texts_event),
    Shape("in-lists of 10", lists, lists_event),
    Shape("hot field, 50 matches", hot, hot_event),
    Shape("negation, two ranges only", negation, negation_event),
    Shape("200 shapes mixed", mixed, mixed_event),
    Shape("documents of 10 kB", deep, deep_event),
    Shape("arrays of 100", arrays, arrays_event),
)
