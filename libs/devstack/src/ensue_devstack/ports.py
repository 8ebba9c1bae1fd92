"""Free ports, chosen once and kept, so that a restarted server is found where it was. Called by the stack.

They are taken from below the range that systems hand to outgoing connections, so that nobody takes one while its
owner restarts.
"""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator, Sequence

from ensue.core.errors import Unavailable
from ensue_devstack.layout import Layout, read_json, write_private

LOWEST, HIGHEST = 20_000, 32_000
ADDRESS = "127.0.0.1"


def kept_ports(layout: Layout, names: Sequence[str]) -> dict[str, int]:
    """A port for each name: the kept one unless another program has taken it, else a new one, which is then kept.

    Asked only when nothing of the stack runs.
    """
    kept = {name: port for name, port in read_json(layout.ports).items() if isinstance(port, int)}
    fresh = _free_ports(set(kept.values()))
    chosen = {name: kept[name] if name in kept and is_free(kept[name]) else next(fresh) for name in names}
    write_private(layout.ports, json.dumps({**kept, **chosen}, indent=2))
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def _free_ports(taken: set[int]) -> Iterator[int]:
    candidates = random.SystemRandom().sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST)
    for port in candidates:
        if port not in taken and is_free(port):
            yield port
    raise Unavailable(f"no free port between {LOWEST} and {HIGHEST}")
