"""What all tests share. `servers`, `topic_prefix` and `database` come from the pytest plugin of `ensue_devstack`."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """What has been imported and collected stays to the end: no collection of garbage is to walk it again and again."""
    gc.collect()
    gc.freeze()
