"""The operation log is read by any of its filters, as far as whoever asks may see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.journal.group_commit import Writer
from adapters.journal.journal import Journal
from adapters.logs.operation_log import Wanted, entries
from adapters.logs.operation_log_writer import Batch
from projections.kernel.visibility.visibility import Sight, View
from tests.adapters.logs.test_operation_log_writer import READ, REFUSED

ALL = Sight((View("g"),))

ENTRIES = [
    READ,
    dataclasses.replace(READ, actor="wang.fang", on_behalf_of=None, unit="gd-sz"),
    dataclasses.replace(READ, actor="zhao.min", on_behalf_of=None, unit="bj", target="other"),
    dataclasses.replace(REFUSED, actor="zhao.min", on_behalf_of="zhao.min", unit="bj"),
]


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    writer = Writer(journal)
    writer.start()
    for entry in ENTRIES:
        writer.submit(Batch([entry])).result()
    writer.stop()
    yield journal
    journal.close()


def numbers(journal: Journal, wanted: Wanted, sight: Sight = ALL, limit: int = 100) -> list[int]:
    return [each["number"] for each in entries(journal, wanted, sight, None, limit)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [4, 3, 2, 1]),
        ({"person": "wang.fang"}, [2, 1]),
        ({"person": "zhao.min"}, [4, 3]),
        ({"person": "nobody"}, []),
        ({"target": "other"}, [3]),
        ({"units": frozenset({"gd-gz", "gd-sz"})}, [2, 1]),
        ({"units": frozenset()}, []),
        ({"command": "customer.read", "accepted": False}, [4]),
        ({"kind": "command"}, []),
        ({"refusal": "unknown-id"}, [4]),
        ({"trace": READ.trace, "person": "li.wei"}, [1]),
    ],
)
def test_each_filter_finds_its_entries_newest_first(
    journal: Journal, wanted: dict[str, Any], found: list[int]
) -> None:
    assert numbers(journal, Wanted(**wanted)) == found


def test_a_person_is_paged_over_both_roles(journal: Journal) -> None:
    wanted = Wanted(person="wang.fang")
    (first,) = entries(journal, wanted, ALL, None, 1)
    (second,) = entries(journal, wanted, ALL, first["number"], 1)
    assert (first["number"], second["number"]) == (2, 1)
    assert entries(journal, wanted, ALL, second["number"], 1) == []


def test_from_and_to_are_inclusive(journal: Journal) -> None:
    times = [each["time"] for each in reversed(entries(journal, Wanted(), ALL, None, 10))]
    assert 2 in numbers(journal, Wanted(since=times[1], until=times[1]))
    assert numbers(journal, Wanted(since=times[3] + timedelta(microseconds=1))) == []
    assert numbers(journal, Wanted(until=times[0] - timedelta(microseconds=1))) == []


def test_only_what_is_in_sight_is_found(journal: Journal) -> None:
    here = Sight((View("g", units=frozenset({"gd-gz", "gd-sz"})),))
    own = Sight((View("g", owners=frozenset({"wang.fang"})),))
    both = Sight((*here.views, View("h", frozenset({"bj"}), frozenset({"zhao.min"}))))
    assert numbers(journal, Wanted(), here) == [2, 1]
    assert numbers(journal, Wanted(), own) == [2, 1]
    assert numbers(journal, Wanted(), both) == [4, 3, 2, 1]
    assert numbers(journal, Wanted(person="zhao.min"), here) == []
    assert numbers(journal, Wanted(), Sight()) == []
    assert numbers(journal, Wanted(), here, limit=1) == [2]


def test_whoever_sees_masked_fields_does_not_see_what_was_asked_for(journal: Journal) -> None:
    masked = Sight((View("g", units=frozenset({"gd-gz"}), masked=frozenset({"phone"})),))
    (entry,) = entries(journal, Wanted(), masked, None, 10)
    assert (entry["query"], entry["masked"]) == (None, ["query", "detail"])
    assert entry["target"] == READ.target
    (whole,) = entries(journal, Wanted(units=frozenset({"gd-gz"})), ALL, None, 10)
    assert whole["query"] == READ.query


def test_each_filter_has_its_index(tmp_path: Path) -> None:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.create()
    for column in ("actor", "on_behalf_of", "target", "unit", "command", "refusal", "trace"):
        query = f"EXPLAIN QUERY PLAN SELECT number FROM operations WHERE {column} = 'x'"
        with journal.engine.connect() as connection:
            plan = " ".join(str(row) for row in connection.exec_driver_sql(query))
        assert f"operations_by_{column}" in plan, column
    journal.close()
