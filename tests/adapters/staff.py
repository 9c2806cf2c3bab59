"""A small company told through commands, for tests of what its people may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapters.commands.access_cache import Guard
from adapters.commands.bootstrap import lay
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from domain.kernel.aggregate import Origin, new_id
from projections.kernel.visibility.visibility import Party


class Company:
    """A journal with a guarded executor, and people who command through it."""

    def __init__(self, journal: Journal, guard: Guard, executor: Executor) -> None:
        """Take the parts, which are at work."""
        self.journal = journal
        self.guard = guard
        self.executor = executor

    def call(self, who: str | Party | None, command: str, id: str | None, **body: Any) -> Call:
        """Return the wish of somebody, `None` for the system itself."""
        party = Party(who) if isinstance(who, str) else who
        actor = "system" if party is None else party.employee or "key"
        behalf = None if party is None else party.on_behalf_of
        origin = Origin(actor, "group", new_id(), behalf)
        return Call(command, id, body, origin, keyed=False, party=party)

    def do(self, who: str | Party | None, command: str, id: str | None = None, **body: Any) -> str:
        """Command, and return the id of the record. Raises a `Refusal`."""
        return self.executor.execute(self.call(who, command, id, **body)).id

    def staff(self) -> None:
        """Open two provinces and a network, engage li and wang, define two roles."""
        for code, level, parent in (
            ("gd", "province", "group"),
            ("bj", "province", "group"),
            ("gd-gz", "network", "gd"),
        ):
            self.do(None, "unit.open", code=code, name=code, level=level, parent=parent)
        self.do(None, "employee.engage", code="li", name="Li", unit="gd")
        self.do(None, "employee.engage", code="wang", name="Wang", unit="gd-gz")
        self.role("clerk", "customer.*", "opportunity.*", "service-ticket.*")
        self.role("chief", "customer.*", "grant.*", "employee.*", "unit.*", "campaign.*")

    def role(self, code: str, *permissions: str) -> str:
        """Define a role of the group."""
        body: dict[str, Any] = {
            "code": code,
            "name": code,
            "permissions": list(permissions),
            "unit": "group",
        }
        return self.do(None, "role.define", **body)

    def grant(self, employee: str, role: str, unit: str, **more: Any) -> str:
        """Give a role to an employee."""
        return self.do(None, "grant.give", employee=employee, role=role, unit=unit, **more)

    def customer(self, unit: str, who: str | Party | None = None) -> str:
        """Register a customer."""
        return self.do(who, "customer.register", name=f"Customer of {unit}", unit=unit)


@contextmanager
def company(url: str, rows: str | None = None) -> Iterator[Company]:
    """Run a company on the journal at a URL; its rows may be in another database."""
    journal = Journal(url)
    journal.create()
    engine = connect(rows or url)
    guard = Guard(journal, engine)
    executor = Executor(journal, guard=guard)
    executor.start()
    try:
        lay(executor)
        yield Company(journal, guard, executor)
    finally:
        executor.stop()
        engine.dispose()
        journal.close()
