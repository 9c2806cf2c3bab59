"""Names: records found by what people call them, and names that look alike."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from rapidfuzz import fuzz, process

from adapters.journal.journal import Journal, recorded
from adapters.storage.journal_tables import events, operations
from domain.kernel.aggregate import registry
from projections.customers.merges.duplicates import named_alike, neighbours
from projections.customers.merges.name_key import name_key
from projections.customers.merges.name_words import name_words
from projections.kernel.read_model import fold, read_models
from projections.kernel.reports.record_names import key_of
from projections.kernel.rows.rebuild import reached
from projections.kernel.rows.rotated_index import Rotations

MOST = 5
"""Likely duplicates that are listed for one name, and records that are offered for one."""

_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_SIMILAR = 70
"""From how many of 100 points on a name is offered for one that is not found."""
_AT_ONCE = 5000


class NotFound(Exception):
    """No record, or more than one, goes by a name; the text says which."""


class Known(NamedTuple):
    """What is known of a record: by what it is named, and whether it still counts.

    `answer` is how commands name it: its code, else its id. `into` is the answer of the record
    that it was merged into. `since` is its first position, 0 for one that was there before all.
    """

    id: str
    answer: str
    names: tuple[str, ...]
    unit: str
    open: bool
    into: str | None
    since: int


class Names:
    """The records of one kind by name, as the journal has them, and those that come to be known."""

    def __init__(
        self,
        journal: Journal,
        kind: str,
        rows: sa.Engine | None = None,
        sees: Callable[[str], bool] | None = None,
    ) -> None:
        """Read the records of a kind: from row tables that are of this program, else the journal.

        `sees` tells whether whoever asks may see a record that is among candidates; by default all.
        """
        self.kind = kind
        self._journal = journal
        self._sees = sees or (lambda _: True)
        self._model = next(m for m in read_models().values() if m.aggregate == kind)
        self._types = [name for name in registry.events if name.startswith(f"{kind}.")]
        self._known: dict[str, Known] = {}
        self._exact: dict[str, set[str]] = defaultdict(set)
        self._alike: dict[str, set[str]] = defaultdict(set)
        self._answers: dict[str, str] = {}
        self._rotations: Rotations | None = None
        self._position = 0
        taken = rows is not None and self._take_rows(rows)
        self._rows = rows if taken and self._model.rotated else None
        in_rows = set(self._alike) if self._rows is not None else set[str]()
        self.follow()
        self._rotations = Rotations(
            (key, name_words(name))
            for each in self._known.values()
            for name in each.names
            if (key := name_key(name)) not in in_rows
        )

    def follow(self) -> None:
        """Take in what others have recorded since."""
        columns = (events.c.position, events.c.type, events.c.stream)
        query = sa.select(*columns).where(
            events.c.position > self._position, events.c.type.in_(self._types)
        )
        if self._position == 0:
            self._fold_all()
            return
        with self._journal.engine.connect() as connection:
            changed = connection.execute(query).all()
        for stream in dict.fromkeys(row.stream for row in changed):
            history = self._journal.history(stream)
            row = fold(self._model, {}, history, keep_versions=False).rows.get(stream)
            if row is not None:
                self._take(row, history[0].position)
        self._position = max([self._position, *(row.position for row in changed)])

    def add(self, id_: str, name: str, position: int) -> None:
        """Note that a record goes by a name from a position on."""
        if id_ not in self._known:
            self._note(Known(id_, id_, (name,), "", True, None, position))

    def find(self, text: str, import_key: str | None = None) -> str:
        """Return how commands name the record that goes by an id, a code, a name, or a key.

        Names of open records come first, as they are written, then as registration compares them;
        then what came in under the command id `import_key`; then what was merged into another,
        which is meant instead, and what has ended. Raises `NotFound`.
        """
        if _ID.match(text):
            return text
        if text in self._answers:
            return text
        both = (self._exact.get(text, ()), self._alike.get(name_key(text), ()))
        every = [[self._known[id_] for id_ in ids if self._sees(id_)] for ids in both]
        for known in every:
            if found := {each.answer for each in known if each.open}:
                return self._only(text, found)
        if import_key is not None and (imported := self._imported(import_key)):
            return self._known[imported].answer if imported in self._known else imported
        for known in every:
            if found := {self._survivor(each) for each in known}:
                return self._only(text, found)
        raise NotFound(f"there is no {self.kind} {text!r}{self._offer(text)}")

    def alike(self, name: str, id_: str, position: int) -> list[str]:
        """Return names of other records that may mean the same, most alike first.

        Of records that were there before a `position`, as at registration.
        """
        words = name_words(name)
        near = {} if self._rotations is None else self._rotations.near(words)
        if self._rows is not None:
            with self._rows.connect() as connection:
                found = neighbours(connection, words)
            known = {id_: self._known[id_] for id_ in found if id_ in self._known}
            near |= {name_key(each.names[0]): name_words(each.names[0]) for each in known.values()}
        others = (
            self._known[each]
            for match in named_alike(words, near)
            for each in sorted(self._alike.get(match, ()))
            if each != id_ and self._known[each].since <= position and self._sees(each)
        )
        names = (each.names[0] for each in others if each.into is None)
        return list(dict.fromkeys(names))[:MOST]

    def _only(self, text: str, found: set[str]) -> str:
        if len(found) == 1:
            return next(iter(found))
        units = {each.answer: each.unit for each in self._known.values() if each.answer in found}
        those = [f"{answer} at {units.get(answer, '?')}" for answer in sorted(found)]
        more = ", …" if len(those) > MOST else ""
        raise NotFound(
            f"{len(found)} records of kind {self.kind} are called {text!r}: "
            f"{', '.join(those[:MOST])}{more}; name the one that is meant by that"
        )

    def _survivor(self, known: Known) -> str:
        seen = {known.answer}
        while known.into is not None and known.into not in seen:
            seen.add(known.into)
            following = self._known.get(self._answers.get(known.into, known.into))
            if following is None:
                return known.into
            known = following
        return known.answer

    def _offer(self, text: str) -> str:
        choices = {
            each: name
            for each, known in self._known.items()
            if known.open
            for name in known.names[:1]
        }
        found = process.extract(
            name_key(text),
            choices,
            processor=name_key,
            scorer=fuzz.ratio,
            score_cutoff=_SIMILAR,
            limit=MOST,
        )
        names = [name for name, _, each in found if self._sees(each)]
        return f"; did you mean {' or '.join(map(repr, dict.fromkeys(names)))}?" if names else ""

    def _take_rows(self, rows: sa.Engine) -> bool:
        """Take what the rows have, if the present code made them; tell whether it did."""
        position = reached(rows, self._model)
        if not position:
            return False
        with rows.connect() as connection:
            for row in connection.execute(sa.select(self._model.table)).mappings():
                self._take(row)
        self._position = position
        return True

    def _fold_all(self) -> None:
        rows: dict[str, Any] = {}
        query = sa.select(events).where(events.c.type.in_(self._types)).order_by(events.c.position)
        with self._journal.engine.connect() as connection:
            found = connection.execution_options(yield_per=_AT_ONCE).execute(query)
            for part in found.partitions(_AT_ONCE):
                batch = [recorded(row) for row in part]
                done = fold(
                    self._model,
                    rows,
                    batch,
                    keep_versions=False,
                    histories=self._journal.history,
                )
                rows |= done.rows
                self._position = batch[-1].position
        for row in rows.values():
            self._take(row)

    def _take(self, row: Any, since: int = 0) -> None:
        names = [row[name] for name in ("name", "title", "english_name", "code") if row.get(name)]
        merged = row.get("merged") or {}
        into = merged.get("into") or row.get("successor")
        self._note(
            Known(
                row["id"],
                row[key_of(self._model)] or row["id"],
                tuple(names),
                str(row.get("unit") or ""),
                not self._model.belongs.has_ended(row),
                into,
                since,
            )
        )

    def _note(self, known: Known) -> None:
        before = self._known.get(known.id)
        if before is not None:
            known = known._replace(since=min(before.since, known.since))
        for name in () if before is None else before.names:
            self._exact[name].discard(known.id)
            self._alike[name_key(name)].discard(known.id)
        self._known[known.id] = known
        if known.answer != known.id:
            self._answers[known.answer] = known.id
        for name in known.names:
            self._exact[name].add(known.id)
            key = name_key(name)
            if self._rotations is not None and not self._alike.get(key):
                self._rotations.add(key, name_words(name))
            self._alike[key].add(known.id)

    def _imported(self, command_id: str) -> str | None:
        query = sa.select(operations.c.target).where(
            operations.c.command_id == command_id,
            operations.c.accepted,
            operations.c.address.is_(None),  # no client's: those choose their ids as they like
        )
        with self._journal.engine.connect() as connection:
            target: str | None = connection.scalar(query)
        return target
