"""Permission checks: whether a party may do what it commands, decided inside the transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol

import orjson

from adapters.commands.access_cache import Guard
from adapters.journal.journal import recorded
from adapters.journal.unit_of_work import Transaction
from adapters.refusals import NotPermitted
from adapters.storage.instants import instant
from domain.kernel.aggregate import Aggregate, Origin, Recorded, to_stored
from domain.kernel.commands import Command
from domain.kernel.types.authority import Level
from projections.kernel.read_model import read_models
from projections.kernel.visibility.visibility import Decision, Party, Sight, Subject
from projections.permissions.access_control import ACCESS_KINDS, PUBLIC, Access
from projections.permissions.permission_limits import require_limits

ELSEWHERE = "What goes to another unit needs it at both: where it is and where it goes."
"""Why a record does not go where who sends it has no say."""

ONLY_OWN = "for own records only: this one would be somebody else's"
"""Why a new record is not given to somebody else."""

_AT_ONCE = 500
"""Records of a long list that are read together."""


class Permit:
    """What one party may do in one transaction, by what was committed before it.

    What holds cannot change meanwhile, for the head is locked; and a transaction with facts about
    permissions of its own is committed before the next party is decided about (`must_wait`), but
    for those of calls that are done together: they are taken as said.
    """

    def __init__(self, guard: Guard, party: Party, transaction: Transaction) -> None:
        """Decide as of the beginning of a transaction."""
        committed = transaction.position - len(transaction.appended)
        self._access: Access = guard.upto(committed)
        if not ACCESS_KINDS.isdisjoint(transaction.kinds):
            mine = [recorded(r) for r in transaction.appended if _kind(r[3]) in ACCESS_KINDS]
            self._access = self._access.after(mine)
        self._party = party
        self._transaction = transaction
        self._now: datetime = instant(transaction.time_us)

    def sees(self, record: Aggregate) -> bool:
        """Tell whether a record is in sight; one that is not does not exist for the party."""
        permission = f"{record.kind}.read"
        if permission in PUBLIC:
            return True
        return bool(self._decide(self._access, permission, record))

    def unseen(self, kind: str, ids: Collection[str]) -> set[str]:
        """Return those of some records of a kind that are not in sight."""
        sight = self._sight(self._access, f"{kind}.read")
        if sight.whole or f"{kind}.read" in PUBLIC:
            return set()
        hidden: set[str] = set()
        wanted = list(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            self._transaction.prefetch(part)
            records = {id_: self._transaction.load(id_) for id_ in part}
            hidden.update(id_ for id_, each in records.items() if each and not self.sees(each))
        return hidden

    def require_anywhere(self, permission: str) -> None:
        """Require that the party has a permission anywhere. Raises `NotPermitted`."""
        if not self._sight(self._access, permission):
            raise self._refusal(permission, self._access, None)

    def require(self, permission: str, record: Aggregate) -> None:
        """Require a permission where a record belongs, and where those do that it affects.

        Raises `NotPermitted`.
        """
        for each in (record, *filter(None, map(self._transaction.load, record.affected))):
            if not self._decide(self._access, permission, each):
                raise self._refusal(permission, self._access, each)

    def highest(self, permission: str, record: Aggregate) -> Level | None:
        """Return the highest level at which the party has a permission over a record's unit.

        For all records there: who may for own records only has no say over those of others.
        """
        held = self._access.permitted_at(self._party, permission, self._now)
        found = (
            Level(unit["level"])
            for code in record.units
            for unit in self._access.units_above(code)
            if unit["code"] in held and unit["level"] in {*Level}
        )
        return max(found, key=lambda level: level.height, default=None)

    def require_made(
        self,
        command: Command,
        record: Aggregate,
        origin: Origin,
        before: Subject | None,
        arguments: Mapping[str, Any],
    ) -> None:
        """Require that a command was permitted, by what it makes of the record.

        A new record has to be where the party has the permission; where only the own ones are, it
        becomes one. Whatever comes to a unit needs the permission there as well, and a unit that
        moves in the organisation as it will be.

        Args:
            command: The command.
            record: The record, with the facts that were stated.
            origin: Who stated them.
            before: Where the record belonged before, of a command that names units.
            arguments: What the command was given.

        Raises `NotPermitted`, or the rule that was broken about who changes whose permissions.
        """
        permission, access = command.name, self._access
        if command.creates:
            self._entrust(permission, record)
        if record.kind in ACCESS_KINDS:
            access = access.after(self._facts(record, origin))
            if access.missed:
                raise NotPermitted("It cannot be told now what this would change.")
        if command.places:
            self._require_there(command, record, before, arguments)
        if (command.creates or record.kind == "unit") and not self._decide(
            access if record.kind == "unit" else self._access, permission, record
        ):
            raise self._refusal(permission, access, record)
        if command.creates and record.affected:
            self.require(permission, record)
        if access is not self._access:
            require_limits(self._access, access, record.id, self._party, self._now)

    def _entrust(self, permission: str, record: Aggregate) -> None:
        """Make a new record the party's own, if it may make no other there."""
        sight = self._sight(self._access, permission)
        if sight.by_owner and not self._decide(self._access, permission, record):
            person = self._access.person(self._party, self._now)
            if person is not None and sight.covers(Subject(record.units, frozenset({person}))):
                if record.owners:
                    raise NotPermitted(f"{person} has the permission {permission}, but {ONLY_OWN}.")
                record.entrust(person)

    def _require_there(
        self,
        command: Command,
        record: Aggregate,
        before: Subject | None,
        arguments: Mapping[str, Any],
    ) -> None:
        """Require the permission at each unit to which the record comes, or what is below it."""
        came = command.units(arguments) - (before.units if before else frozenset())
        if command.rises and before is not None:  # those above have it in sight already
            came = came.difference(*map(self._access.above, before.units))
        sight = self._sight(self._access, command.name)
        owners = before.owners if before else frozenset[str]()
        if sight.by_owner:
            owners |= subject(record, self._transaction).owners
        for unit in sorted(came):
            if not sight.covers(Subject(frozenset({unit}), owners)):
                who = self._party.on_behalf_of or self._party.employee or "This key"
                detail = f"{who} has the permission {command.name}, but not at {unit}."
                raise NotPermitted(detail if before is None else f"{detail} {ELSEWHERE}")

    def _facts(self, record: Aggregate, origin: Origin) -> Sequence[Recorded]:
        """Return what a command has stated, as the journal would hold it."""
        facts = [to_stored(fact) for fact in record.pending_events]  # type: ignore[arg-type]
        position = self._transaction.position
        return [
            Recorded(
                position + number,
                fact.stream,
                fact.version,
                fact.type,
                fact.schema,
                self._now,
                origin.actor,
                origin.unit,
                origin.command_id,
                origin.on_behalf_of,
                origin.cause,
                orjson.loads(fact.data),
                None if origin.on_behalf_of is None else origin.on_behalf_kind,
                origin.actor_kind,
            )
            for number, fact in enumerate(facts, 1)
        ]

    def _sight(self, access: Access, permission: str) -> Sight:
        return access.sight(self._party, permission, self._now)

    def _decide(self, access: Access, permission: str, record: Aggregate) -> bool:
        sight = self._sight(access, permission)
        if sight.covers(Subject(record.units, record.owners)):
            return True
        return sight.by_owner and sight.covers(subject(record, self._transaction))

    def _refusal(self, permission: str, access: Access, record: Aggregate | None) -> NotPermitted:
        belongs = None if record is None else subject(record, self._transaction)
        decision: Decision = access.decide(self._party, permission, belongs, self._now)
        return NotPermitted(decision.missing)


def permit_of(party: Party | None, guard: Guard | None, transaction: Transaction) -> Permit | None:
    """Return what a party may do; `None` when the system itself is at work.

    Raises `NotPermitted` where nobody guards.
    """
    if party is None:
        return None
    if guard is None:
        raise NotPermitted("Nobody is permitted anything here.")
    return Permit(guard, party, transaction)


def must_wait(party: Party | None, transaction: Transaction) -> bool:
    """Tell whether a party is not to be decided about before a transaction is committed."""
    return party is not None and not ACCESS_KINDS.isdisjoint(transaction.kinds)


def _kind(type_: str) -> str:
    return type_.partition(".")[0]


class Loading(Protocol):
    """What gives a record by its id."""

    def load(self, stream: str, /) -> Aggregate | None:
        """Return the record, or `None`."""


def subject(record: Aggregate, records: Loading) -> Subject:
    """Return where a record belongs; whoever owns its customer owns it, too."""
    through = _through().get(record.kind)
    above: str | None = None if through is None else getattr(record, through)
    customer = None if above is None else records.load(above)
    owners = record.owners if customer is None else record.owners | customer.owners
    return Subject(record.units, owners)


@cache
def _through() -> Mapping[str, str]:
    """Return, by kind, which attribute names the customer whose owners own a record, too."""
    return {
        model.aggregate: model.scope.through[0]
        for model in read_models().values()
        if model.scope.through is not None
    }
