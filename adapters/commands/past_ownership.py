"""Belonging: to which units and employees a record belonged at a position in the past."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from adapters.commands.permission_check import subject
from adapters.journal.journal import Journal
from adapters.privacy.field_encryption import emptied
from domain.kernel.aggregate import Aggregate, registry
from domain.kernel.time.replay import evolve
from projections.kernel.visibility.visibility import Subject


class Belonging(NamedTuple):
    """What a record was, as in `service-ticket`, and where it belonged."""

    kind: str
    subject: Subject


class _Then:
    """Loads records as they were right after a position."""

    def __init__(self, journal: Journal, position: int) -> None:
        self._journal = journal
        self._position = position

    def load(self, stream: str) -> Aggregate | None:
        return evolve(
            None,
            (
                (
                    each.stream,
                    each.version,
                    each.type,
                    registry.events[each.type].schema,
                    each.time,
                    orjson.dumps(emptied(each.type, each.data, each.stream)),
                )
                for each in self._journal.history(stream, self._position)
            ),
        )


def belonging(journal: Journal, record: str, position: int) -> Belonging | None:
    """Return where a record belonged right after a position, `None` when it was not there."""
    then = _Then(journal, position)
    found = then.load(record)
    return None if found is None else Belonging(found.kind, subject(found, then))
