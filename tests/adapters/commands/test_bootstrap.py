"""The foundation: laid once, by however many processes; completed by newer versions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from adapters.commands import bootstrap as foundation
from adapters.commands.bootstrap import is_bare, lay
from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from domain.kernel.aggregate import Recorded
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from domain.permissions.standard_roles import STANDARD_ROLES, StandardRole
from projections.kernel.read_model import Row, fold
from projections.organisation.working_calendars import hours_of, working_calendars
from projections.permissions.roles import roles
from tests.adapters.commands.test_executor import call, started_bare, stop

SELLER = StandardRole("seller", "Seller", "Sells.", ("customer.read",))


@pytest.fixture
def executor(database_url: str) -> Iterator[Executor]:
    executor = started_bare(database_url)
    yield executor
    stop(executor)


def told(journal: Journal) -> list[Recorded]:
    return list(journal.read(0, 1000))


def role(journal: Journal, code: str) -> Row:
    """Return the row of a role."""
    rows = fold(roles, {}, told(journal)).rows.values()
    return next(row for row in rows if row["code"] == code)


def ship(patch: pytest.MonkeyPatch, edition: int, *shipped: StandardRole) -> None:
    """Go on as a version of the program that ships these roles."""
    patch.setattr(foundation, "EDITION", edition)
    patch.setattr(foundation, "STANDARD_ROLES", (STANDARD_ROLES[0], *shipped))


def test_there_is_a_group_the_standard_roles_and_an_administrator(executor: Executor) -> None:
    lay(executor)

    types = [event.type for event in told(executor.journal)]
    assert types == [
        "unit.opened",
        *["role.defined"] * len(STANDARD_ROLES),
        "employee.engaged",
        *(["working-calendar.opened"] + ["working-calendar.year-announced"] * 3) * 2,
        "grant.given",
    ]
    (grant,) = (each.data for each in told(executor.journal) if each.type == "grant.given")
    assert (grant["employee"], grant["role"], grant["unit"]) == ("admin", "administrator", "group")
    assert role(executor.journal, "administrator")["permissions"] == ["*"]


def test_what_is_there_is_not_made_again(executor: Executor) -> None:
    lay(executor)
    before = executor.journal.head()
    lay(executor)
    assert executor.journal.head() == before


def test_several_processes_lay_it_once(database_url: str) -> None:
    here, there = started_bare(database_url), started_bare(database_url)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lay, [here, there] * 4))

    assert len(told(here.journal)) == len(STANDARD_ROLES) + 3 + 2 * 4
    stop(here)
    stop(there)


def test_a_later_version_adds_its_roles_and_brings_the_others_up_to_date(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, 1, SELLER)
    lay(executor)
    buyer = StandardRole("buyer", "Buyer", "Buys.", ("customer.read",))
    ship(monkeypatch, 2, SELLER._replace(permissions=("customer.*",)), buyer)
    lay(executor)

    assert role(executor.journal, "seller")["permissions"] == ["customer.*"]
    assert role(executor.journal, "buyer")["permissions"] == ["customer.read"]


def test_an_earlier_version_that_is_started_again_takes_nothing_back(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, 1, SELLER)
    lay(executor)
    ship(monkeypatch, 2, SELLER._replace(permissions=("customer.*",)))
    lay(executor)
    ship(monkeypatch, 1, SELLER)
    lay(executor)

    assert role(executor.journal, "seller")["permissions"] == ["customer.*"]


@pytest.mark.parametrize(
    ("command", "body"),
    [("role.revise", {"name": "Our sellers"}), ("role.retire", {"reason": "we have our own"})],
)
def test_a_role_that_people_have_changed_is_theirs(
    executor: Executor, monkeypatch: pytest.MonkeyPatch, command: str, body: dict[str, Any]
) -> None:
    ship(monkeypatch, 1, SELLER)
    lay(executor)
    left = role(executor.journal, "seller")
    executor.execute(call(command, left["id"], **body))
    changed = role(executor.journal, "seller")
    ship(monkeypatch, 2, SELLER._replace(permissions=("customer.*",)))
    lay(executor)

    assert role(executor.journal, "seller") == changed


def test_an_administrator_who_was_taken_away_does_not_come_back(executor: Executor) -> None:
    lay(executor)
    (grant,) = (each.stream for each in told(executor.journal) if each.type == "grant.given")
    executor.execute(call("grant.revoke", grant, reason="others do it now"))
    before = executor.journal.head()
    lay(executor)
    assert executor.journal.head() == before


def calendars(journal: Journal) -> dict[str, Row]:
    """Return the rows of the working calendars by code."""
    rows = fold(working_calendars, {}, told(journal)).rows.values()
    return {row["code"]: row for row in rows}


def test_the_standard_calendars_are_there_with_what_was_announced(executor: Executor) -> None:
    lay(executor)
    found = calendars(executor.journal)
    assert {code: hours_of(row) for code, row in found.items()} == {
        each.code: each.hours for each in STANDARD_CALENDARS
    }


def test_a_system_that_began_without_them_gets_no_calendars(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foundation, "STANDARD_CALENDARS", ())
    lay(executor)
    monkeypatch.setattr(foundation, "STANDARD_CALENDARS", STANDARD_CALENDARS)
    before = executor.journal.head()
    lay(executor)
    assert executor.journal.head() == before


def test_a_year_that_people_have_announced_is_not_announced_again(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, office = STANDARD_CALENDARS
    *earlier, last = office.years
    before = (clock, office._replace(years=tuple(earlier)))
    monkeypatch.setattr(foundation, "STANDARD_CALENDARS", before)
    lay(executor)
    row = calendars(executor.journal)["cn-office"]
    executor.execute(
        call("working-calendar.announce-year", row["id"], year=last.year, source="Our own")
    )
    monkeypatch.setattr(foundation, "STANDARD_CALENDARS", STANDARD_CALENDARS)
    head = executor.journal.head()
    lay(executor)
    assert executor.journal.head() == head


def test_a_journal_is_bare_until_somebody_works(executor: Executor) -> None:
    assert is_bare(executor.journal)
    lay(executor)
    assert is_bare(executor.journal)
    executor.execute(call("customer.register", key="standard/x", name="Acme", unit="group"))
    assert not is_bare(executor.journal)
