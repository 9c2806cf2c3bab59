"""A small organisation with people and their business, for the tests of its policies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from projections.kernel.read_model import read_models
from tests.streams.flow import until, working
from tests.streams.kernel.test_policy_runner import House

UNITS = [
    ("group", "group", None),
    ("gd", "province", "group"),
    ("gd-gz", "network", "gd"),
    ("gd-gz-bank", "team", "gd-gz"),
    ("gd-fs", "network", "gd"),
    ("gd-sz", "network", "gd"),
]
PEOPLE = ["e1", "e2", "e3"]
SINCE = "2026-01-01"


class Company(House):
    """A house with units, with employees in `gd-gz`, and their customers."""

    def __init__(self, url: str) -> None:
        super().__init__(url, organised=False)
        self.units = {}
        for code, level, parent in UNITS:
            body = {"code": code, "name": code, "level": level}
            self.units[code] = self.do("unit.open", **body, parent=parent, effective=SINCE)
        staff = {"unit": "gd-gz", "effective": SINCE}
        self.people = {
            code: self.do("employee.engage", code=code, name=code, **staff) for code in PEOPLE
        }

    def account(self, manager: str, unit: str = "gd-gz") -> tuple[str, str, str]:
        """Return a customer, an opportunity and a ticket in progress, in the hands of one."""
        since = "2026-01-10"
        customer = self.do("customer.register", name="Acme", unit=unit, registered_on=since)
        self.do("customer.assign-manager", customer, manager=manager, effective=since)
        about = {"unit": unit, "customer_id": customer, "title": "x"}
        opportunity = self.do("opportunity.open", **about, manager=manager, opened_on=since)
        kind = {"kind": "fault", "severity": "major", "channel": "web"}
        ticket = self.do("service-ticket.open", **about, **kind)
        self.do("service-ticket.assign", ticket, owner=manager)
        self.do("service-ticket.accept", ticket)
        return customer, opportunity, ticket

    @contextmanager
    def reacting(self) -> Iterator[None]:
        """Let rows and policies do their work, until the last event within has been answered."""
        reactions = self.reactions()
        with working(self.projection(), reactions.work) as workers:
            yield
            until(lambda: self._answered(reactions.checkpoint.get()))
            assert all(worker.failures == 0 for worker in workers)
            until(lambda: self.projector.position() == self.journal.head().position)

    def _answered(self, upto: int) -> bool:
        """Return whether every event that a policy answers has been answered."""
        answered = {type_ for policy in self.reactions()._policies.values() for type_ in policy.on}
        return not any(event.type in answered for event in self.journal.read(upto, 100_000))

    def row(self, model: str, id: str) -> dict[str, Any]:
        """Return a row as it is now."""
        table = read_models()[model].table
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(table).where(table.c.id == id)).mappings().one()
        return dict(found)

    def holders(self, account: tuple[str, str, str]) -> list[str]:
        """Return who looks after a customer, its opportunity and its ticket."""
        customer, opportunity, ticket = account
        return [
            self.row("customers", customer)["manager"],
            self.row("opportunities", opportunity)["manager"],
            self.row("service_tickets", ticket)["owner"],
        ]

    def places(self, account: tuple[str, str, str]) -> list[str]:
        """Return the units of a customer, its opportunity and its ticket."""
        models = ("customers", "opportunities", "service_tickets")
        return [self.row(model, id)["unit"] for model, id in zip(models, account, strict=True)]
