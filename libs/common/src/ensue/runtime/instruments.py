"""What a metric may be: the vocabulary in which `ensue.runtime.metrics` declares every metric once."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"ensue_[a-z][a-z0-9_]*\Z")
_LABEL = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Instrument:
    """Name, help and labels of a metric. Labels hold values of small closed sets: never an id, a URL or a tenant."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"metric {self.name!r} must be named ensue_<words>, lower case")
        if not all(_LABEL.match(label) for label in self.labels) or len(set(self.labels)) != len(self.labels):
            raise ValueError(f"metric {self.name} has a wrong or repeated label in {self.labels}")


@dataclass(frozen=True, slots=True)
class Counter(Instrument):
    """Only grows; its name ends in _total."""

    def __post_init__(self) -> None:
        Instrument.__post_init__(self)
        if not self.name.endswith("_total"):
            raise ValueError(f"counter {self.name} must end in _total")


@dataclass(frozen=True, slots=True)
class Gauge(Instrument):
    """A value that is set."""

    def __post_init__(self) -> None:
        Instrument.__post_init__(self)
        if self.name.endswith("_total"):
            raise ValueError(f"gauge {self.name} must not end in _total")


@dataclass(frozen=True, slots=True)
class Histogram(Instrument):
    """A distribution with the buckets that suit it; its name ends in its unit."""

    buckets: tuple[float, ...] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

    def __post_init__(self) -> None:
        Instrument.__post_init__(self)
        if not self.name.endswith(("_seconds", "_bytes", "_records")):
            raise ValueError(f"histogram {self.name} must end in its unit: _seconds, _bytes or _records")
        if list(self.buckets) != sorted(set(self.buckets)) or not self.buckets:
            raise ValueError(f"histogram {self.name} needs growing buckets, not {self.buckets}")
