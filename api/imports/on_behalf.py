"""On whose behalf an import is: the person, their permissions, the person at the machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

from adapters.commands.access_cache import Guard
from adapters.commands.bootstrap import ROOT
from adapters.commands.permission_check import subject
from adapters.journal.aggregate_cache import Cache
from adapters.journal.journal import Journal
from adapters.journal.unit_of_work import Transaction
from api.kernel.access.at_machine import operator
from api.kernel.terminal import Failure
from domain.kernel.actors import IMPORT, Actor
from domain.kernel.aggregate import Aggregate
from projections.kernel.visibility.visibility import Party
from projections.permissions.access_control import PUBLIC


@dataclasses.dataclass(frozen=True, slots=True)
class Behalf:
    """Who imports what: the actor, whose permissions decide, and the file that it comes from.

    `digest` is that of the file; it is in the trace of each command, with the line. `sees` tells
    whether the party may see a record of a kind; without a party everything is seen.
    """

    actor: Actor = IMPORT
    unit: str = "group"
    on_behalf_of: str | None = None
    party: Party | None = None
    credential: str | None = None
    digest: str = ""
    sees: Callable[[str, str], bool] | None = None

    def trace(self, line: int) -> str:
        """Return what the operation log says of where a command comes from."""
        return f"import/{self.digest[:32]}/{line}"


SYSTEM = Behalf()
"""Nobody's behalf: it is the system that imports."""


def behalf_of(
    journal: Journal, guard: Guard, employee: str | None, unit: str | None, digest: str
) -> Behalf:
    """Return on whose behalf a file with this digest is imported.

    An employee may what they may; without one it is the system that imports, and may everything.
    Either way the log says which user of the machine it was. Raises `Failure` for an employee who
    is nobody.
    """
    credential = f"import by {operator().id}"
    if employee is None:
        return Behalf(unit=unit or ROOT, credential=credential, digest=digest)
    known = guard.now().employee(employee)
    if known is None or known["state"] == "left":
        raise Failure(f"--as: nobody who works here has the code {employee!r}.", 2)
    party = Party(employee)
    own, sees = unit or known["unit"], sight_of(journal, guard, party)
    return Behalf(Actor("person", employee), own, None, party, credential, digest, sees)


def sight_of(journal: Journal, guard: Guard, party: Party) -> Callable[[str, str], bool]:
    """Return what tells whether a party sees a record of a kind, by its id, as of now."""
    reads = _Records(journal)

    def sees(kind: str, id_: str) -> bool:
        sight = guard.now().sight(party, f"{kind}.read", datetime.now(UTC))
        if sight.whole or f"{kind}.read" in PUBLIC:
            return True
        record = reads.load(id_)
        return record is not None and sight.covers(subject(record, reads))

    return sees


class _Records:
    """Records as the journal has them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def load(self, stream: str, /) -> Aggregate | None:
        """Return a record as it is now, or `None`."""
        journal = self._journal
        with journal.engine.connect() as connection:
            return Transaction(connection, Cache(2), lock=False, keys=journal.keys).load(stream)
