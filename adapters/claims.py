"""Claims: which record holds what only one of its kind may hold, as a transaction sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from adapters.cache import Cache
from adapters.databases import in_parts
from adapters.journal_tables import claims
from domain.kernel import Aggregate

Claim = tuple[str, str]
"""The name of the rule that guards a claim, and the value that is claimed."""


class Claims:
    """The claims as they are in the database, with the changes of one transaction."""

    def __init__(self, connection: sa.Connection, cache: Cache) -> None:
        """Read claims through a connection that holds the head lock."""
        self._connection = connection
        self._cache = cache
        self._read: dict[Claim, str | None] = {}
        self._kept: dict[Claim, str | None] = {}
        self._unit: dict[Claim, str | None] = {}

    def begin_unit(self) -> None:
        """Forget what the current unit of work has changed, if it was not kept."""
        self._unit = {}

    def end_unit(self) -> None:
        """Keep what the current unit of work has changed."""
        self._kept |= self._unit

    def holder(self, claim: Claim) -> str | None:
        """Return the id of the record that holds a claim, or `None`."""
        for known in (self._unit, self._kept):
            if claim in known:
                return known[claim]
        if claim not in self._read:
            self.read([claim])
        return self._read[claim]

    def likely(self, claim: Claim) -> str | None:
        """Return the record that holds a claim, or held it when this process last looked.

        Spares a query; whoever asks has to see whether the record still holds the claim.
        """
        if claim in self._unit or claim in self._kept or claim in self._read:
            return self.holder(claim)
        return self._cache.holders.get(claim) or self.holder(claim)

    def change(self, claim: Claim, stream: str | None) -> None:
        """Give a claim to a record, or to nobody."""
        self._unit[claim] = stream

    def read(self, wanted: Iterable[Claim]) -> None:
        """Look up who holds these claims, in as few queries as may be."""
        by_rule: dict[str, list[str]] = defaultdict(list)
        for claim in dict.fromkeys(wanted):
            if claim not in self._read:
                by_rule[claim[0]].append(claim[1])
        for rule, values in by_rule.items():
            for part in in_parts(values):
                query = sa.select(claims.c.value, claims.c.stream).where(
                    claims.c.rule == rule, claims.c.value.in_(part)
                )
                found = {(rule, value): stream for value, stream in self._connection.execute(query)}
                self._read |= dict.fromkeys((rule, value) for value in part) | found
                self._cache.holders.update(found)

    def prefetch(self, wanted: Iterable[Claim]) -> list[str]:
        """Look up those of which nothing is known; return the records that likely hold them."""
        asked = list(wanted)
        self.read(claim for claim in asked if claim not in self._cache.holders)
        return [stream for claim in asked if (stream := self.likely(claim)) is not None]

    def flush(self) -> None:
        """Send the changes to the database."""
        for (rule, value), stream in self._kept.items():
            match = sa.and_(claims.c.rule == rule, claims.c.value == value)
            self._connection.execute(claims.delete().where(match))
            if stream is not None:
                row = {"rule": rule, "value": value, "stream": stream}
                self._connection.execute(claims.insert(), row)


def holds(record: Aggregate, claim: Claim) -> bool:
    """Return whether a record holds a claim as it is now."""
    rule, value = claim
    return any(rule == each.rule() and value == held for each, held in record.claims.items())
