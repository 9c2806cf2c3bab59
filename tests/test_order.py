"""Order: what takes long comes first, what runs together, and which process measures."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace

import pytest

from tests import order
from tests.order import FIRST, MEASURED, Order, turn


def test_what_takes_long_comes_first_and_what_is_measured_last() -> None:
    files = [f"{place}test_x.py::test" for place in FIRST]
    others = ["tests/domain/test_x.py::test", f"{MEASURED}test_x.py::test"]
    turns = [turn(each) for each in files + others]
    assert turns == sorted(set(turns))


def test_a_file_runs_in_one_process_but_kills_one_by_one_and_what_is_measured_together() -> None:
    order = object.__new__(Order)
    scopes = {
        "tests/domain/test_x.py::test_a[b::c]": "tests/domain/test_x.py",
        f"{FIRST[0]}test_kill.py::test_a[1]": f"{FIRST[0]}test_kill.py::test_a[1]",
        f"{MEASURED}test_x.py::test_a": MEASURED,
        f"{MEASURED}test_y.py::test_b": MEASURED,
    }
    assert {nodeid: order._split_scope(nodeid) for nodeid in scopes} == scopes


def test_the_process_that_makes_way_for_none_begins_with_what_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nice = list[int]()
    monkeypatch.setattr("os.nice", nice.append)
    queue = Order.__new__(Order)
    queue.workqueue = OrderedDict.fromkeys(("a", "b", "c", MEASURED), {})
    queue.assigned_work, queue.registered_collections = {}, {}
    for name in ("gw1", "gw0", "gw2"):
        node = Process(name)
        queue.registered_collections[node] = []
        queue._assign_work_unit(node)
        order.make_way(name, ["tests/domain/test_x.py::test"])
        order.make_way(name, ["tests/domain/test_x.py::test", f"{MEASURED}test_y.py::test"])
    begun = [(node.gateway.id, *work) for node, work in queue.assigned_work.items()]
    assert begun == [("gw1", "a"), ("gw0", MEASURED), ("gw2", "b")]
    assert nice == [order.UNHURRIED] * 2


class Process:
    """One of several processes of a run, as the one that gives them their work knows it."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)

    def send_runtest_some(self, tests: list[int]) -> None:
        """Nothing is run."""
