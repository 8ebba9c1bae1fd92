"""Ports are chosen once and kept; only one that another program has taken is chosen anew."""

from __future__ import annotations

import socket
from pathlib import Path

from ensue_devstack.layout import Layout
from ensue_devstack.ports import ADDRESS, HIGHEST, LOWEST, is_free, kept_ports

NAMES = ("kafka", "postgres", "api")


def layout_in(folder: Path) -> Layout:
    layout = Layout.of(folder)
    layout.make()
    return layout


def test_ports_stay_the_same(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    first = kept_ports(layout, NAMES)

    assert kept_ports(layout, NAMES) == first
    assert len(set(first.values())) == len(NAMES)
    assert all(LOWEST <= port < HIGHEST for port in first.values())


def test_a_new_name_gets_a_port_and_the_others_keep_theirs(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    first = kept_ports(layout, NAMES)
    more = kept_ports(layout, ("audit",))
    assert more["audit"] not in first.values()
    assert kept_ports(layout, (*NAMES, "audit")) == {**first, **more}


def test_a_port_that_was_taken_is_replaced(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    first = kept_ports(layout, NAMES)
    with socket.socket() as other:
        other.bind((ADDRESS, first["kafka"]))
        other.listen()
        assert not is_free(first["kafka"])
        second = kept_ports(layout, NAMES)
    assert second["kafka"] != first["kafka"]
    assert {**second, "kafka": 0} == {**first, "kafka": 0}
