"""Passing over, on both databases: what an operator decided holds, whatever is folded anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.kernel.full_text import matches
from projections.kernel.history.fold_at import fold_at
from projections.kernel.parking_lot import passes_by
from projections.kernel.read_model import Histories, Row, read_models
from projections.kernel.rows.checking import check
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import Rebuilt, rebuild
from projections.kernel.rows.tables import remove_row
from projections.kernel.warehouse.parking_lot import PARKING
from projections.kernel.warehouse.row_history import History
from tests.projections.accounts import accounts, happened
from tests.volume import examples

MODELS = {accounts.name: accounts}
NAME = accounts.name
STORY = [
    happened(1, "a", 1, "account.opened", name="甲乙"),
    happened(2, "a", 2, "account.paid", amount="1.00"),
    happened(3, "b", 1, "account.opened", name="丙丁"),
    happened(4, "a", 3, "account.paid", amount="many"),
    happened(5, "a", 4, "account.paid", amount="2.00"),
]


class Bank:
    """Accounts in a row database, with the journal that they come from."""

    def __init__(self, engine: sa.Engine, story: Sequence[Recorded]) -> None:
        self.engine, self.story = engine, story
        self.projector = Projector(engine, MODELS, self.history)
        self.projector.create()

    def history(self, stream: str, upto: int) -> list[Recorded]:
        return [each for each in self.story if each.stream == stream and each.position <= upto]

    def batches(self, after: int) -> Iterator[Sequence[Recorded]]:
        for first in range(after, len(self.story), 2):
            yield self.story[first : first + 2]

    def rebuild(self, progress: Callable[[int], None] | None = None) -> Rebuilt:
        return rebuild(self.engine, MODELS, self.batches, progress, self.history)

    def differ(self, progress: Callable[[int], None] | None = None) -> list[str]:
        report = check(self.engine, MODELS, self.batches, progress, histories=self.history)
        return [each.record for table in report.tables for each in table.findings]

    def rows(self) -> dict[str, Row]:
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(accounts.table)).mappings()
            return {row["id"]: dict(row) for row in found}

    def balance(self, stream: str) -> tuple[int, str]:
        """Return the version of a row and what is in the account."""
        row = self.rows()[stream]
        return row["version"], str(row["balance"])

    def aside(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Return the stream and version of what is parked, and of what is passed over."""
        parked, passed = self.projector.parked(), self.projector.passed_over()
        return keys(parked), keys(passed)


def keys(aside: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(each["stream"], each["version"]) for each in aside]


@pytest.fixture
def bank(database_url: str) -> Iterator[Bank]:
    engine = connect(database_url, "normal")
    yield Bank(engine, STORY)
    engine.dispose()


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program know what it is to be paid many."""
    before: Any = accounts.folds["account.paid"]

    def forgiving(row: Row, event: Recorded) -> Row:
        amount = event.data["amount"].replace("many", "50.00")
        changed: Row = before(
            row, dataclasses.replace(event, data={**event.data, "amount": amount})
        )
        return changed

    monkeypatch.setitem(accounts.folds, "account.paid", forgiving)


def test_what_was_passed_over_is_passed_over_by_rebuilds_too_and_is_no_difference(
    bank: Bank,
) -> None:
    bank.projector.apply(bank.story)
    assert bank.aside() == ([("a", 3), ("a", 4)], [])
    assert bank.projector.skip(NAME, "a") == 0
    assert (bank.balance("a"), bank.aside()) == ((4, "3.00"), ([], [("a", 3)]))
    assert "InvalidOperation" in bank.projector.passed_over()[0]["error"]
    before = bank.rows()
    for _ in range(2):
        done = bank.rebuild()
        assert (done.parked, done.passed, done.compared.differ) == (0, 1, {})
        assert (bank.rows(), bank.aside()) == (before, ([], [("a", 3)]))
    assert bank.differ() == []


def test_a_mended_program_heals_what_was_passed_over_when_it_rebuilds(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.projector.apply(bank.story)
    bank.projector.skip(NAME, "a")
    mend(monkeypatch)
    assert bank.rebuild().passed == 0
    assert (bank.balance("a"), bank.aside()) == ((4, "53.00"), ([], []))
    monkeypatch.undo()
    bank.rebuild()
    assert bank.aside() == ([("a", 3), ("a", 4)], [])  # nothing is left of the decision


def test_a_retry_takes_the_decision_back(bank: Bank) -> None:
    bank.projector.apply(bank.story)
    bank.projector.skip(NAME, "a")
    assert bank.projector.retry(NAME, "a") == 2
    for _ in range(2):
        assert (bank.balance("a"), bank.aside()) == ((2, "1.00"), ([("a", 3), ("a", 4)], []))
        assert bank.differ() == []
        bank.rebuild()
    assert bank.projector.skip(NAME, "a") == 0
    assert bank.balance("a") == (4, "3.00")


def test_a_retry_heals_what_was_passed_over_once_the_program_is_mended(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.projector.apply(bank.story)
    bank.projector.skip(NAME, "a")
    mend(monkeypatch)
    assert bank.projector.retry(NAME, "a") == 0
    assert (bank.balance("a"), bank.aside()) == ((4, "53.00"), ([], []))


def test_what_can_be_folded_by_now_is_not_passed_over(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.projector.apply(bank.story)
    mend(monkeypatch)
    assert bank.projector.skip(NAME, "a") == 0
    assert (bank.balance("a"), bank.aside()) == ((4, "53.00"), ([], []))


def test_a_row_that_goes_back_is_found_by_the_words_it_has_again(database_url: str) -> None:
    engine = connect(database_url, "normal")
    story = [
        happened(1, "a", 1, "account.opened", named="甲乙"),
        happened(2, "a", 2, "account.opened", name="丙丁"),
        happened(3, "a", 3, "account.opened", named="甲乙"),
        happened(4, "a", 4, "account.opened", name="戊己"),
    ]
    bank = Bank(engine, story)
    bank.projector.apply(story)

    def found(words: str) -> list[str]:
        with engine.connect() as connection:
            condition = matches(accounts.table, words, engine.dialect.name)
            return list(connection.scalars(sa.select(accounts.table.c.id).where(condition)))

    assert bank.projector.skip(NAME, "a") == 2
    assert (bank.balance("a")[0], found("丙丁"), found("戊己")) == (2, ["a"], [])
    assert bank.projector.skip(NAME, "a") == 0
    assert (bank.balance("a")[0], found("丙丁"), found("戊己")) == (4, [], ["a"])
    assert bank.projector.retry(NAME, "a") == 4
    assert bank.rows() == {}
    assert bank.projector.skip(NAME, "a") == 2
    assert (bank.balance("a")[0], found("丙丁"), found("戊己")) == (2, ["a"], [])
    engine.dispose()


def test_a_row_that_goes_is_in_no_index_any_more(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'rows.db'}", "normal").execution_options(writes=True)
    customers = read_models()["customers"]
    story = [
        event
        for n, id_ in enumerate("ab")
        for event in (
            happened(2 * n + 1, id_, 1, "customer.registered", name="甲乙", unit="gd"),
            happened(2 * n + 2, id_, 2, "customer.manager-assigned", manager="e-1"),
        )
    ]
    projector = Projector(engine, {"customers": customers})
    projector.create()
    projector.apply(story)
    indexes = [sa.text(f"SELECT id FROM customers_{name}") for name in ("owners", "search")]
    with engine.begin() as connection:
        assert [connection.scalars(index).all() for index in indexes] == [["a", "b"]] * 2
        remove_row(connection, customers, customers.table, "a")
        assert [connection.scalars(index).all() for index in indexes] == [["b"]] * 2
    engine.dispose()


@pytest.mark.parametrize("way", ["rebuild", "differ"])
def test_what_is_decided_during_a_rebuild_or_a_check_counts(bank: Bank, way: str) -> None:
    bank.projector.apply(bank.story)
    parked, passed = [("a", 3), ("a", 4)], [("a", 3)]
    for decide, aside in [("skip", ([], passed)), ("retry", (parked, []))]:
        once = iter([getattr(bank.projector, decide)])
        done = getattr(bank, way)(lambda _, once=once: [each(NAME, "a") for each in once])
        assert (bank.aside(), list(once)) == (aside, [])
        assert done == [] or done.compared.differ in ({}, {NAME: 1})
        assert bank.differ() == []


def test_what_the_database_refuses_is_parked_and_passed_over_by_rebuilds_too(
    database_url: str,
) -> None:
    engine = connect(database_url, "normal")
    story = [
        *STORY[:3],
        happened(4, "a", 3, "account.paid", amount="99999999999999999999.00"),
        happened(5, "a", 4, "account.paid", amount="2.00"),
    ]
    bank = Bank(engine, story)
    bank.projector.apply(story)
    for _ in range(2):
        assert (bank.balance("a"), bank.aside()) == ((2, "1.00"), ([("a", 3), ("a", 4)], []))
        bank.rebuild()
    assert bank.projector.skip(NAME, "a") == 0
    for _ in range(2):
        assert (bank.balance("a"), bank.aside()) == ((4, "3.00"), ([], [("a", 3)]))
        assert bank.differ() == []
        bank.rebuild()
    engine.dispose()


def test_what_is_told_late_is_told_without_what_was_passed_over(database_url: str) -> None:
    engine = connect(database_url, "normal")
    told = [("opened", "01"), ("paid", "03"), ("paid", "04"), ("paid", "02"), ("paid", "02")]
    amounts = ["", "many", "1.00", "2.00", "many"]
    story = [
        happened(n, "a", n, f"account.{kind}", name="a", amount=amount, on=f"2026-01-{day}")
        for n, ((kind, day), amount) in enumerate(zip(told, amounts, strict=True), 1)
    ]
    bank = Bank(engine, story)
    bank.projector.apply(story[:3])
    assert bank.projector.skip(NAME, "a") == 0
    bank.projector.apply(story[3:])
    assert (bank.balance("a"), bank.aside()) == ((4, "3.00"), ([("a", 5)], [("a", 2)]))
    assert bank.projector.skip(NAME, "a") == 0
    for _ in range(2):
        row = bank.rows()["a"]
        assert (row["notes"], row["version"]) == (["2.00", "1.00"], 5)
        assert bank.aside() == ([], [("a", 2), ("a", 5)])
        assert fold_at(accounts, story, passes=passes_by(engine, NAME)) == row
        then = fold_at(accounts, story, date(2026, 1, 2), passes_by(engine, NAME))
        assert then is not None
        assert then["notes"] == ["2.00"]
        bank.rebuild()
    engine.dispose()


def test_a_database_with_two_tables_of_what_is_aside_keeps_all_of_it(bank: Bank) -> None:
    late = happened(6, "b", 2, "account.paid", amount="some")
    bank.projector.apply([*bank.story, late])
    bank.projector.skip(NAME, "a")
    same = "model, stream, version, position, event, error"
    with bank.engine.execution_options(writes=True).begin() as connection:
        for statement in (
            f"CREATE TABLE passed_over AS SELECT {same}, passed_at FROM parked "
            "WHERE passed_at IS NOT NULL",
            "DELETE FROM parked WHERE passed_at IS NOT NULL",
            "ALTER TABLE parked DROP COLUMN passed_at",
        ):
            connection.exec_driver_sql(statement)
    for _ in range(2):
        bank.projector.create()
        assert bank.aside() == ([("b", 2)], [("a", 3)])
    assert bank.projector.skip(NAME, "b") == 0


@st.composite
def stories(draw: st.DrawFn) -> list[Recorded]:
    """Draw a history of two records, with facts told late and some that cannot be folded."""
    versions, history = {"a": 0, "b": 0}, []
    for position in range(1, draw(st.integers(2, 10)) + 1):
        stream = draw(st.sampled_from("ab"))
        versions[stream] += 1
        first = versions[stream] == 1 and draw(st.booleans())
        amount = draw(st.sampled_from(["1.00", "2.00", "many"]))
        fact = {"name": stream} if first else {"amount": amount}
        if ago := draw(st.integers(0, 3)):
            fact["on"] = f"2026-01-0{4 - ago}"
        type_ = "account.opened" if first else "account.paid"
        history.append(happened(position, stream, versions[stream], type_, **fact))
    return history


@given(story=stories(), data=st.data())
@settings(max_examples=examples(20), deadline=None)
def test_rows_and_what_is_aside_are_what_a_rebuild_makes_of_history_and_decisions(
    tmp_path_factory: pytest.TempPathFactory, story: list[Recorded], data: st.DataObject
) -> None:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('rows') / 'rows.db'}", "normal")
    bank = Bank(engine, story)
    for batch in bank.batches(0):
        bank.projector.apply(batch)
        for way in data.draw(st.lists(st.sampled_from(["skip", "skip", "retry"]), max_size=3)):
            getattr(bank.projector, way)(NAME, data.draw(st.sampled_from("ab")))
    before = (bank.rows(), bank.aside())
    assert bank.differ() == []
    done = bank.rebuild()
    assert done.compared.differ == {}
    assert (bank.rows(), bank.aside()) == before
    engine.dispose()


@given(story=stories(), data=st.data())
@settings(max_examples=examples(20), deadline=None)
def test_versions_and_what_is_aside_are_what_a_new_warehouse_makes_of_history_and_decisions(
    story: list[Recorded], data: st.DataObject
) -> None:
    def history(stream: str, upto: int) -> list[Recorded]:
        return [each for each in story if each.stream == stream and each.position <= upto]

    def content(connection: duckdb.DuckDBPyConnection) -> list[Any]:
        tables = ("history_accounts", "store.past_accounts")
        found = [connection.sql(f"FROM {each} ORDER BY ALL").fetchall() for each in tables]
        # Their places are numbers within what was loaded together.
        revised = "SELECT * EXCLUDE (place) FROM store.revised_accounts ORDER BY ALL"
        found.append(connection.sql(revised).fetchall())
        aside = "SELECT stream, version, passed_at IS NULL FROM store.parked ORDER BY ALL"
        found.append(connection.sql(aside).fetchall())
        return found

    with duckdb.connect() as one, duckdb.connect() as other:
        used, new = (made(each, history) for each in (one, other))
        for first in range(0, len(story), 2):
            used.load(one, story[first : first + 2])
            for way in data.draw(st.lists(st.sampled_from(["skip", "skip", "retry"]), max_size=3)):
                stream = data.draw(st.sampled_from("ab"))
                getattr(used, way)(one, stream)
        new.aside.honour(new.aside.lot(one).decided())
        new.load(other, story)
        assert content(other) == content(one)


def made(connection: duckdb.DuckDBPyConnection, histories: Histories) -> History:
    """Return a history with its tables made, empty."""
    history = History(accounts, histories)
    connection.execute(f"SET TimeZone = 'UTC'; CREATE SCHEMA store; {PARKING}")
    for statement in history.statements():
        connection.execute(statement)
    return history
