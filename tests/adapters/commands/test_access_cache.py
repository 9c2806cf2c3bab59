"""The guard knows what was committed, by whichever process, whatever the rows know."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.commands.access_cache import Guard
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from domain.kernel.aggregate import Stored, new_id
from projections.kernel.read_model import read_models
from projections.kernel.rows.projector import Projector
from projections.kernel.visibility.visibility import Party, Subject
from projections.permissions.access_control import Access
from tests.adapters.staff import Company, company
from tests.streams.flow import happen

GD = Subject(frozenset({"gd"}))


@pytest.fixture
def firm(journal_url: str) -> Iterator[Company]:
    with company(journal_url) as found:
        found.staff()
        yield found


def sees(access: Access, employee: str = "li") -> bool:
    return bool(access.decide(Party(employee), "customer.read", GD, datetime.now(UTC)))


def rows_of(firm: Company, url: str, upto: int | None = None) -> None:
    """Bring the journal into the row tables, or its beginning."""
    engine = connect(url, "normal")
    projector = Projector(engine)
    projector.create()
    projector.apply(firm.journal.read(0, 10_000, upto))
    engine.dispose()


@contextmanager
def another(url: str, rows: str | None = None) -> Iterator[Guard]:
    """Give the guard of another process, which has just started."""
    journal, engine = Journal(url), connect(rows or url, "normal")
    yield Guard(journal, engine)
    engine.dispose()
    journal.close()


def test_what_this_process_commits_is_known_without_asking(firm: Company) -> None:
    assert not sees(firm.guard.now())
    position = firm.guard.now().position
    grant = firm.grant("li", "clerk", "gd")
    assert firm.guard.upto(0).position == position + 1
    assert sees(firm.guard.upto(0))
    firm.do(None, "grant.revoke", grant, reason="x")
    assert not sees(firm.guard.upto(0))


def test_what_another_process_commits_is_known_at_the_next_look(
    firm: Company, journal_url: str
) -> None:
    with company(journal_url) as other:
        assert not sees(other.guard.now())
        grant = firm.grant("li", "clerk", "gd")
        assert sees(other.guard.now())
        firm.customer("gd")
        other.customer("gd")
        firm.do(None, "grant.revoke", grant, reason="x")
        assert not sees(other.guard.now())
        assert other.guard.now().position == firm.journal.head().position


def test_a_guard_starts_from_rows_that_lag_behind(firm: Company, journal_url: str) -> None:
    firm.grant("li", "clerk", "gd")
    rows_of(firm, journal_url, firm.journal.head().position)
    grant = firm.grant("wang", "clerk", "gd")
    with another(journal_url) as guard:
        assert sees(guard.now())
        assert sees(guard.now(), "wang")
        firm.do(None, "grant.revoke", grant, reason="x")
        assert not sees(guard.now(), "wang")


def test_a_guard_needs_no_rows(firm: Company, journal_url: str, tmp_path: Path) -> None:
    firm.grant("li", "clerk", "gd")
    with another(journal_url, f"sqlite:///{tmp_path}/none.db") as guard:
        assert sees(guard.now())


def test_rows_of_older_code_are_not_believed(firm: Company, journal_url: str) -> None:
    grant = firm.grant("li", "clerk", "gd")
    rows_of(firm, journal_url)
    engine = connect(journal_url, "normal").execution_options(writes=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE fingerprints SET fingerprint = 'old'")
        connection.exec_driver_sql("UPDATE grants SET state = 'revoked'")
    engine.dispose()
    with another(journal_url) as guard:
        assert sees(guard.now())
        firm.do(None, "grant.revoke", grant, reason="x")
        assert not sees(guard.now())


def test_events_that_the_rows_put_aside_count(firm: Company, journal_url: str) -> None:
    grant = firm.grant("li", "clerk", "gd")
    firm.do(None, "grant.revoke", grant, reason="x")
    engine = connect(journal_url, "normal")
    projector = Projector(engine)
    projector.create()
    history = firm.journal.read(0, 10_000)
    given = next(each for each in history if each.type == "grant.given" and each.stream == grant)
    projector.apply([each for each in history if each != given])
    assert [each["stream"] for each in projector.parked()] == [grant]
    engine.dispose()
    with another(journal_url) as guard:
        assert not sees(guard.now())
        assert guard.now().shelves["grants"].rows[grant]["state"] == "revoked"


def test_what_follows_an_event_that_is_passed_over_counts_at_any_time(
    firm: Company, journal_url: str
) -> None:
    grant = firm.grant("li", "clerk", "gd")
    last = happen(
        firm.journal,
        [
            Stored(grant, 2, "grant.given", 1, b"no JSON"),
            Stored(grant, 3, "grant.revoked", 1, b'{"reason":"x"}'),
        ],
    )
    with another(journal_url) as guard:
        assert sees(guard.now())
    rows_of(firm, journal_url)
    engine = connect(journal_url, "normal")
    assert Projector(engine).skip("grants", grant) == 0
    engine.dispose()
    with another(journal_url) as guard:
        assert not sees(guard.now())
        happen(firm.journal, [Stored(new_id(), 1, "unit.renamed", 1, b"no JSON")])
        guard.now()
        assert not sees(guard.at(last))
        assert sees(guard.at(last - 2))


def test_the_past_is_what_was_known_then(firm: Company) -> None:
    grant = firm.grant("li", "clerk", "gd")
    granted = firm.journal.head().position
    firm.do(None, "grant.revoke", grant, reason="x")
    assert not sees(firm.guard.now())
    assert sees(firm.guard.at(granted))
    assert not sees(firm.guard.at(granted - 1))
    assert not sees(firm.guard.at(granted + 1))
    assert firm.guard.at(0).organisation.root is None


def test_the_snapshot_equals_the_rows_of_the_whole_history(firm: Company, journal_url: str) -> None:
    grant = firm.grant("li", "clerk", "gd", masked=["phone"], until="2075-01-01T00:00:00Z")
    firm.do(None, "grant.revoke", grant, reason="x")
    firm.do(None, "team.form", name="One", unit="gd")
    rows_of(firm, journal_url)
    with another(journal_url) as guard:
        known, followed = guard.now(), firm.guard.now()
    for name in known.shelves:
        assert known.shelves[name].rows == followed.shelves[name].rows
        columns = set(read_models()[name].table.columns.keys())
        assert all(row.keys() == columns for row in known.shelves[name].rows.values())


def test_many_threads_may_ask_while_others_commit(firm: Company) -> None:
    seen: list[int] = []

    def ask() -> None:
        for _ in range(100):
            head = firm.journal.head().position
            seen.append(firm.guard.now().position - head)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        grant = firm.grant("li", "clerk", "gd")
        firm.do(None, "grant.revoke", grant, reason="x")
    for thread in threads:
        thread.join()
    assert min(seen) >= 0
