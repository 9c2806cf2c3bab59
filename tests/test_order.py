"""Order: what takes long comes first, what must be alone last, and what runs together."""

from __future__ import annotations

from tests.order import ALONE, FIRST, Order, turn


def test_what_takes_long_comes_first_and_what_must_be_alone_last() -> None:
    files = [f"{place}test_x.py::test" for place in FIRST]
    others = ["tests/domain/test_x.py::test", f"{ALONE}test_x.py::test"]
    turns = [turn(each) for each in files + others]
    assert turns == sorted(set(turns))


def test_a_file_runs_in_one_process_but_kills_one_by_one_and_what_is_alone_together() -> None:
    order = object.__new__(Order)
    scopes = {
        "tests/domain/test_x.py::test_a[b::c]": "tests/domain/test_x.py",
        f"{FIRST[0]}test_kill.py::test_a[1]": f"{FIRST[0]}test_kill.py::test_a[1]",
        f"{ALONE}test_x.py::test_a": ALONE,
        f"{ALONE}test_y.py::test_b": ALONE,
    }
    assert {nodeid: order._split_scope(nodeid) for nodeid in scopes} == scopes
