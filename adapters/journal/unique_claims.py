"""Claims: which record holds what only one of its kind may hold, as a transaction sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from adapters.journal.aggregate_cache import Cache
from adapters.storage.databases import in_parts, insert_rows
from adapters.storage.journal_tables import claims, former_claims
from domain.kernel.aggregate import Aggregate
from domain.kernel.claim import has

Claim = tuple[str, str]
"""The name of the rule that guards a claim, and the value that is claimed."""


_HOLDERS = sa.select(claims.c.value, claims.c.stream).where(
    claims.c.rule == sa.bindparam("its_rule"),
    claims.c.value.in_(sa.bindparam("its_values", expanding=True)),
)
_HOLDER = sa.select(claims.c.stream).where(
    claims.c.rule == sa.bindparam("its_rule"), claims.c.value == sa.bindparam("its_value")
)
_SOME_FORMER = sa.select(sa.exists().where(former_claims.c.rule == sa.bindparam("its_rule")))


class Claims:
    """The claims as they are in the database, with the changes of one transaction."""

    def __init__(self, connection: sa.Connection, cache: Cache) -> None:
        """Read claims through a connection that holds the head lock."""
        self._connection = connection
        self._cache = cache
        self._read: dict[Claim, str | None] = {}
        self._kept: dict[Claim, str | None] = {}
        self._unit: dict[Claim, str | None] = {}
        self._former_kept: set[tuple[Claim, str]] = set()
        self._former_unit: set[tuple[Claim, str]] = set()
        self._some_former: dict[str, bool] = {}

    def begin_unit(self) -> None:
        """Forget what the current unit of work has changed, if it was not kept."""
        self._unit = {}
        self._former_unit = set()

    def end_unit(self) -> None:
        """Keep what the current unit of work has changed."""
        self._kept |= self._unit
        self._former_kept |= self._former_unit

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the record that holds a claim, or `None`."""
        for known in (self._unit, self._kept):
            if claim in known:
                return known[claim]
        if claim not in self._read:
            rule, value = claim
            stream = self._connection.scalar(_HOLDER, {"its_rule": rule, "its_value": value})
            self._read[claim] = stream
            if stream is not None:
                self._cache.holders[claim] = stream
        return self._read[claim]

    def likely(self, claim: Claim) -> str | None:
        """Return the record that holds a claim, or held it when this process last looked.

        Spares a query; whoever asks has to see whether the record still holds the claim.
        """
        if claim in self._unit or claim in self._kept or claim in self._read:
            return self.holder(claim)
        return self._cache.holders.get(claim) or self.holder(claim)

    def change(self, claim: Claim, stream: str) -> None:
        """Give a claim to a record."""
        self._unit[claim] = stream

    def release(self, claim: Claim, stream: str) -> None:
        """Note that a record holds a claim no more; nobody does if it was the one."""
        # Of two that held the same before it had to be one's alone, one has the claim.
        if self.holder(claim) == stream:
            self._unit[claim] = None
        self._former_unit.add((claim, stream))

    def former(self, claim: Claim) -> set[str]:
        """Return the ids of the records that held a claim once."""
        rule, value = claim
        # What is claimed for ever was never anybody else's: then no claim needs a query.
        if rule not in self._some_former:
            some = self._connection.scalar(_SOME_FORMER, {"its_rule": rule})
            self._some_former[rule] = bool(some)
        found = {
            one
            for noted in (self._former_kept, self._former_unit)
            for each, one in noted
            if each == claim
        }
        if self._some_former[rule]:
            query = sa.select(former_claims.c.stream).where(
                former_claims.c.rule == rule, former_claims.c.value == value
            )
            found.update(self._connection.scalars(query))
        return found

    def read(self, wanted: Iterable[Claim]) -> None:
        """Look up who holds these claims, in as few queries as may be."""
        by_rule: dict[str, list[str]] = defaultdict(list)
        for claim in dict.fromkeys(wanted):
            if claim not in self._read:
                by_rule[claim[0]].append(claim[1])
        for rule, values in by_rule.items():
            for part in in_parts(values):
                asked = {"its_rule": rule, "its_values": part}
                rows = self._connection.execute(_HOLDERS, asked)
                found = {(rule, value): stream for value, stream in rows}
                self._read |= dict.fromkeys((rule, value) for value in part) | found
                self._cache.holders.update(found)

    def prefetch(self, wanted: Iterable[Claim]) -> list[str]:
        """Look up those of which nothing is known; return the records that likely hold them."""
        asked = list(wanted)
        self.read(claim for claim in asked if claim not in self._cache.holders)
        return [stream for claim in asked if (stream := self.likely(claim)) is not None]

    def flush(self) -> None:
        """Send the changes to the database, all of a kind together."""
        changed = [(*claim, stream) for claim, stream in self._kept.items()]
        held = [each for each in changed if each[2] is not None]
        former = [(*claim, stream) for claim, stream in self._former_kept]
        for table, gone, there in ((claims, changed, held), (former_claims, former, former)):
            if gone:
                key = [column == sa.bindparam(f"its_{column.name}") for column in table.primary_key]
                names = ("its_rule", "its_value", "its_stream")
                rows = [dict(zip(names, each, strict=True)) for each in gone]
                self._connection.execute(table.delete().where(*key), rows)
            insert_rows(self._connection, table, there)


def holds(record: Aggregate, claim: Claim) -> bool:
    """Return whether a record holds a claim as it is now."""
    guard, value = claim
    return any(rule.rule() == guard and has(keys, value) for rule, keys in record.claims.items())
