"""Who changes whose permissions: not one's own, none wider than one's own, never the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.commands.access_cache import Guard
from adapters.commands.bootstrap import lay
from adapters.commands.executor import Answer, Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import RuleBroken
from adapters.storage.databases import connect
from domain.kernel.aggregate import Origin, RuleViolation, new_id
from domain.permissions.permission import LastAdministrator, OwnPermissions, WiderThanOwn
from projections.kernel.visibility.visibility import Party

UNITS = {"gd": ("province", "group"), "gd-gz": ("network", "gd"), "js": ("province", "group")}
LONG = {"starts": "2026-01-01T00:00:00Z", "until": "2026-12-31T00:00:00Z", "reason": "Holiday"}


class Company:
    """A company at work: its people command, and are refused."""

    def __init__(self, executor: Executor) -> None:
        """Lay the foundation and open some units."""
        self._executor = executor
        lay(executor)
        for code, (level, parent) in UNITS.items():
            self.does(None, "unit.open", code=code, name=code, level=level, parent=parent)

    def does(
        self, who: str | Party | None, command: str, id: str | None = None, **body: Any
    ) -> Answer:
        """Let somebody, or with `None` the system, give a command."""
        party = Party(who) if isinstance(who, str) else who
        actor = "system" if party is None else party.employee or "key"
        issued = {}
        if command == "api-key.issue":
            issued = {"prefix": new_id()[-8:], "digest": "0" * 64}
        origin = Origin(actor, "group", new_id())
        return self._executor.execute(Call(command, id, body, origin, party=party, issued=issued))

    def has(self, who: str, role: str, unit: str, **more: Any) -> str:
        """Engage somebody, give them a role somewhere, and return the id of the grant."""
        if who not in self.people():
            self.does(None, "employee.engage", code=who, name=who, unit="gd")
        return self.does(None, "grant.give", employee=who, role=role, unit=unit, **more).id

    def people(self) -> set[str]:
        """Return the codes of the employees."""
        events = self._executor.journal.read(0, 1000)
        return {event.data["code"] for event in events if event.type == "employee.engaged"}

    def id(self, kind: str, **fields: str) -> str:
        """Return the id of a record by fields of its first event."""
        events = self._executor.journal.read(0, 1000)
        return next(
            event.stream
            for event in events
            if event.aggregate == kind and fields.items() <= event.data.items()
        )

    def refused(
        self, rule: type[RuleViolation], who: str, command: str, *id: str, **body: Any
    ) -> None:
        """Check that somebody is refused a command by a rule, and that nothing happened."""
        before = self._executor.journal.head().position
        with pytest.raises(RuleBroken) as caught:
            self.does(who, command, *id, **body)
        assert caught.value.name == rule.rule()
        assert self._executor.journal.head().position == before


@pytest.fixture
def company(journal_url: str, tmp_path: Path) -> Iterator[Company]:
    journal = Journal(journal_url)
    journal.create()
    rows = connect(f"sqlite:///{tmp_path / 'rows.db'}", "normal")
    executor = Executor(journal, guard=Guard(journal, rows))
    executor.start()
    yield Company(executor)
    executor.stop()
    rows.dispose()
    journal.close()


def test_nobody_gives_themselves_anything(company: Company) -> None:
    company.has("boss", "province-manager", "gd")
    wish = {"role": "analyst", "unit": "gd-gz"}
    company.refused(OwnPermissions, "boss", "grant.give", employee="boss", **wish)
    company.refused(OwnPermissions, "admin", "grant.give", employee="admin", **wish)
    company.has("li.wei", "analyst", "js")
    company.does("boss", "grant.give", employee="li.wei", **wish)


def test_nobody_takes_away_a_grant_of_their_own(company: Company) -> None:
    masked = company.has("boss", "province-manager", "gd", masked=["phone"])
    company.has("boss", "province-manager", "gd")
    company.refused(OwnPermissions, "boss", "grant.revoke", masked, reason="it hides phones")


def test_nobody_changes_a_role_they_hold(company: Company) -> None:
    company.has("boss", "group-manager", "group")
    own, other = company.id("role", code="group-manager"), company.id("role", code="analyst")
    company.refused(OwnPermissions, "boss", "role.revise", own, permissions=["*"])
    company.refused(OwnPermissions, "boss", "role.retire", own, reason="x")
    company.does("boss", "role.revise", other, name="Reader")


def test_nobody_makes_themselves_a_deputy(company: Company) -> None:
    company.has("boss", "province-manager", "gd")
    company.has("li.wei", "analyst", "gd")
    company.refused(
        OwnPermissions, "li.wei", "delegation.give", principal="boss", deputy="li.wei", **LONG
    )
    company.does("li.wei", "delegation.give", principal="li.wei", deputy="boss", **LONG)


def test_nobody_brings_others_into_a_team_whose_records_they_see_by_it(company: Company) -> None:
    company.has("boss", "province-manager", "gd")
    company.has("lead", "province-manager", "gd", reach="team")
    company.has("lead", "analyst", "gd")
    company.has("li.wei", "analyst", "gd")
    team = company.does("lead", "team.form", name="Hunters", unit="gd").id
    company.refused(
        OwnPermissions, "lead", "team.add-member", team, employee="li.wei", role="sales"
    )
    company.does("boss", "team.add-member", team, employee="li.wei", role="sales")
    other = company.does("boss", "team.form", name="Others", unit="gd").id
    company.does("boss", "team.add-member", other, employee="li.wei", role="sales")
    company.refused(OwnPermissions, "lead", "team.add-member", other, employee="lead", role="x")


def test_no_grant_is_wider_than_the_giver_s_own(company: Company) -> None:
    company.has("boss", "province-manager", "gd")
    company.has("li.wei", "analyst", "js")
    wider = {"employee": "li.wei", "role": "administrator", "unit": "gd"}
    company.refused(WiderThanOwn, "boss", "grant.give", **wider)


def test_no_grant_lasts_longer_or_shows_more_than_the_giver_s_own(company: Company) -> None:
    company.has("boss", "network-manager", "gd", masked=["phone"], until="2075-01-01T00:00:00Z")
    company.has("li.wei", "analyst", "js")
    grant = {"employee": "li.wei", "role": "analyst", "unit": "gd-gz"}
    end = {"until": "2074-01-01T00:00:00Z"}
    company.refused(WiderThanOwn, "boss", "grant.give", **grant, masked=["phone"])
    company.refused(WiderThanOwn, "boss", "grant.give", **grant, **end)
    company.does("boss", "grant.give", **grant, **end, masked=["phone", "email"])


def test_no_key_and_no_role_is_wider_than_the_giver_s_own(company: Company) -> None:
    company.has("boss", "province-manager", "gd")
    key = {"name": "Billing", "unit": "gd"}
    company.refused(WiderThanOwn, "boss", "api-key.issue", role="administrator", **key)
    company.does("boss", "api-key.issue", role="analyst", **key)
    role = {"code": "mine", "name": "Mine", "unit": "gd"}
    company.refused(WiderThanOwn, "boss", "role.define", permissions=["*"], **role)
    company.does("boss", "role.define", permissions=["customer.*"], **role)


def test_the_last_administrator_stays(company: Company) -> None:
    first = company.id("grant", employee="admin")
    second = company.has("second", "administrator", "group")
    company.has("below", "administrator", "gd")
    company.has("soon-gone", "administrator", "group", until="2075-01-01T00:00:00Z")
    company.does("second", "grant.revoke", first, reason="one is enough")
    company.refused(LastAdministrator, "soon-gone", "grant.revoke", second, reason="none is enough")
    leaver = company.id("employee", code="second")
    company.refused(LastAdministrator, "soon-gone", "employee.leave", leaver, reason="pension")
    company.refused(LastAdministrator, "second", "employee.leave", leaver, reason="pension")
