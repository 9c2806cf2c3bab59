"""Names: records found by what people call them, and names that look alike."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile

import sqlalchemy as sa
from rapidfuzz import fuzz, process

from adapters.journal import Journal
from adapters.journal_tables import events, operations
from domain.kernel import discover, from_stored
from domain.payload import fields_of
from projections.duplicates import ALIKE
from projections.names import name_key

MOST = 5
"""Likely duplicates that are listed for one name."""

_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class NotFound(Exception):
    """No record, or more than one, goes by a name; the text says which."""


class Names:
    """The records of one kind by name, as the journal has them, and those that come to be known."""

    def __init__(self, journal: Journal, kind: str) -> None:
        """Read the names of all records of a kind from the journal."""
        self.kind = kind
        self._journal = journal
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, str] = {}
        for stream, name in dict(self._stated()).items():
            self._ids[name].add(stream)
            self._named[name_key(name)] = name
        self._keys = sorted(self._named)

    def add(self, id_: str, name: str) -> None:
        """Note that a record goes by a name."""
        self._ids[name].add(id_)
        key = name_key(name)
        if key not in self._named:
            insort(self._keys, key)
        self._named[key] = name

    def find(self, text: str, import_key: str | None = None) -> str:
        """Return the id of the record that goes by a name, an id, or a key of an earlier import.

        `import_key` is the command id under which such a key came in. Raises `NotFound`.
        """
        if _ID.match(text):
            return text
        found = self._ids.get(text, set())
        if len(found) > 1:
            raise NotFound(f"{len(found)} records of kind {self.kind} are called {text!r}")
        if found:
            return next(iter(found))
        if import_key is not None and (imported := self._imported(import_key)):
            return imported
        raise NotFound(f"there is no {self.kind} {text!r}")

    def alike(self, name: str) -> list[str]:
        """Return known names that may mean the same, most alike first.

        As at registration: case, punctuation and legal form do not count; beyond that, names are
        compared with those that begin with the same half.
        """
        key = name_key(name)
        start = key[: max(2, (len(key) + 1) // 2)]
        first = bisect_left(self._keys, start)
        following = map(self._keys.__getitem__, range(first, len(self._keys)))
        candidates = takewhile(lambda each: each.startswith(start), following)
        found = process.extract(key, candidates, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=MOST)
        return [self._named[match] for match, *_ in found]

    def _stated(self) -> Iterator[tuple[str, str]]:
        types = _naming(self.kind)
        query = (
            sa.select(events.c.stream, events.c.type, events.c.schema, events.c.data)
            .where(events.c.type.in_(types))
            .order_by(events.c.position)
        )
        with self._journal.engine.connect() as connection:
            rows = connection.execution_options(yield_per=5000).execute(query)
            for stream, type_, schema, data in rows:
                payload = from_stored(type_, schema, data)
                if name := payload.get("name") or payload.get("title"):
                    yield stream, name

    def _imported(self, command_id: str) -> str | None:
        query = sa.select(operations.c.target).where(
            operations.c.command_id == command_id,
            operations.c.accepted,
            operations.c.address.is_(None),  # no client's: those choose their ids as they like
        )
        with self._journal.engine.connect() as connection:
            target: str | None = connection.scalar(query)
        return target


def _naming(kind: str) -> list[str]:
    """Return the event types that state the name of a record of this kind itself."""
    return [
        type_
        for type_, event_class in discover().events.items()
        if type_.startswith(f"{kind}.")
        and (fields := fields_of(event_class)).keys() & {"name", "title"}
        # What states the name of a contact says whose: it names the contact too.
        and not fields.keys() & {"contact_id"}
    ]
