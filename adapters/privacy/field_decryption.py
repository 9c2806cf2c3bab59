"""Opening: what is sealed in rows and events, for those who may see it, on its way out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from adapters.privacy.field_encryption import Sealing, persons_in
from adapters.privacy.person_keys import PersonKeys
from domain.kernel.aggregate import Recorded
from domain.kernel.envelope import Unreadable
from domain.kernel.types.personal import Each, personal_fields, through
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row
from projections.kernel.visibility.sealed_columns import SEALED, personal


class Opened(dict[str, Any]):
    """The payload of an event with its personal fields opened; null in those named in `sealed`."""

    sealed: frozenset[str] = frozenset()


class Opening:
    """Opens what was masked already for whoever asks: what is null is not looked at.

    The keys are asked once for all that leaves together, and forgotten when it has left.
    """

    def __init__(self, keys: PersonKeys) -> None:
        """Open with the keys of persons."""
        self._keys = keys

    def rows(self, model: Listed, rows: Sequence[Row]) -> Sequence[Row]:
        """Return rows of a read model, each with its id, with their personal columns opened."""
        shapes = personal(model)
        if not any(row.get(column) for row in rows for column in shapes):
            return rows
        sealing = Sealing(self._keys)
        sealing.fetch(
            person
            for row in rows
            for column, shape in shapes.items()
            for person in persons_in(row.get(column), shape, row["id"])
        )
        found = []
        for row in rows:
            changed = dict(row)
            for column, shape in shapes.items():
                if row.get(column):
                    self._open(sealing, changed, column, shape)
            found.append(changed)
        return found

    def _open(self, sealing: Sealing, row: Row, column: str, shape: Any) -> None:
        missed: dict[str, list[str]] = {}
        opener = sealing.opener(
            row["id"], lambda person, name: missed.setdefault(person, []).append(name)
        )
        value = through(row[column], shape, row["id"], opener, name=column)
        if isinstance(shape, Each):  # each of the persons, by their ids
            for person, names in missed.items():
                value[person] |= {SEALED: sorted(names)}
        elif missed:
            row[SEALED] = sorted([*row.get(SEALED, ()), column])
        row[column] = value

    def events(self, events: Iterable[Recorded]) -> list[Recorded]:
        """Return events with their payloads `Opened` where there is something personal in them."""
        found = list(events)
        payloads = self.payloads((each.stream, each.type, each.data) for each in found)
        return [
            each if data is each.data else dataclasses.replace(each, data=data)
            for each, data in zip(found, payloads, strict=True)
        ]

    def payloads(self, payloads: Iterable[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """Return payloads, given as (stream, type, payload), as those of `events`."""
        given = list(payloads)
        sealing = Sealing(self._keys)
        sealing.fetch(
            person
            for stream, type_, data in given
            if personal_fields(type_)
            for person in persons_in(data, personal_fields(type_), stream)
        )
        return [_opened(sealing, *each) for each in given]


def _opened(sealing: Sealing, stream: str, type_: str, data: dict[str, Any]) -> dict[str, Any]:
    shape = personal_fields(type_)
    if not shape or isinstance(data, Unreadable):
        return data
    missed: set[str] = set()
    opener = sealing.opener(stream, lambda _, name: missed.add(name))
    opened = Opened(through(data, shape, stream, opener))
    opened.sealed = frozenset(missed)
    return opened
