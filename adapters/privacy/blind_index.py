"""A blind index: sealed values found by digests of their forms, which go with the person's key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.privacy.field_encryption import PREFIX, Sealing
from adapters.privacy.person_keys import PersonKeys, persons, traces
from adapters.storage.databases import in_parts, writing
from domain.kernel.types.personal import personal_fields, through
from domain.kernel.types.sought import Sought, sought_fields
from projections.kernel.visibility.owner_index import among

MARK = 16
"""Characters of a token, behind the person, that no other token has: those of its nonce."""

Event = tuple[str, str, str]
"""What is indexed of an event: its stream, its type and its payload as JSON."""


class Trace(NamedTuple):
    """One form of a sealed value: whose it is, the mark of its token, and the keyed digest."""

    person: str
    mark: str
    digest: bytes
    stream: str


class Found(NamedTuple):
    """Where a value stands that was looked for: in a record, sealed in the token of this mark."""

    stream: str
    mark: str


class BlindIndex:
    """Finds values without reading any: nobody makes a digest who does not have the server's key.

    It has every value that was ever sealed, also those that were corrected since: whoever asks goes
    on to the rows, and takes what they have the token of. What was recorded before such values were
    sealed is not in it.
    """

    def __init__(self, keys: PersonKeys) -> None:
        """Keep the index in the database of the keys of persons."""
        self._keys = keys

    def having(self, sought: Sought, forms: Iterable[str]) -> list[Found]:
        """Return the values that have all of some forms."""
        digests = {self._digest(sought.kind, each) for each in forms}
        query = sa.select(traces.c.stream, traces.c.mark).where(traces.c.digest.in_(digests))
        query = query.group_by(traces.c.person, traces.c.mark, traces.c.stream)
        query = query.having(sa.func.count() == len(digests))
        with self._keys.engine.connect() as connection:
            return [Found(*row) for row in connection.execute(query)]

    def each_of(self, sought: Sought, forms: Sequence[str]) -> dict[Found, int]:
        """Return the values that have one of some forms, with the place of the first in these."""
        places = {self._digest(sought.kind, each): n for n, each in enumerate(forms)}
        query = sa.select(traces.c.stream, traces.c.mark, traces.c.digest)
        query = query.where(traces.c.digest.in_(places))
        with self._keys.engine.connect() as connection:
            found = [(Found(*row[:2]), places[bytes(row[2])]) for row in connection.execute(query)]
        return dict(sorted(found, key=lambda each: each[1], reverse=True))

    def add(self, events: Iterable[Event]) -> int:
        """Index what some events seal, unless it was; returns how many values were new.

        Who is erased meanwhile is left out, or goes with their key.
        """
        tokens = [each for event in events for each in _tokens(*event)]
        known = self._known(tokens)
        made = list(self._made([each for each in tokens if each[0][:2] not in known]))
        rows = [each._asdict() for each in made]
        if not rows:
            return 0
        insert = (sqlite if self._keys.lite else postgresql).insert(traces).on_conflict_do_nothing()
        with writing(self._keys.engine).begin() as connection:
            for part in in_parts(rows):
                # A key that is being destroyed is waited for; one that is held stays so long.
                query = sa.select(persons.c.person).with_for_update(read=True, key_share=True)
                wanted = {each["person"] for each in part}
                held = {*connection.scalars(query.where(persons.c.person.in_(wanted)))}
                if kept := [each for each in part if each["person"] in held]:
                    connection.execute(insert, kept)
        return len({each[:2] for each in made})

    def clear(self) -> None:
        """Forget everything, and that anything was followed: it is all to be indexed again."""
        with writing(self._keys.engine).begin() as connection:
            connection.execute(traces.delete())
        self._keys.follow(0)

    def count(self) -> int:
        """Return how many traces there are."""
        with self._keys.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(traces)) or 0

    def compared(self, events: Iterable[Event]) -> tuple[int, dict[str, int]]:
        """Return how many traces some events leave, and how many are not there, by the stream."""
        tokens = [each for event in events for each in _tokens(*event)]
        made = set(self._made(tokens))
        missing = defaultdict[str, int](int)
        for each in made - {*self._kept({each.person for each in made})}:
            missing[each.stream] += 1
        return len(made), missing

    def _known(self, tokens: Sequence[_Token]) -> set[tuple[str, str]]:
        return {each[:2] for each in self._kept({person for (person, *_), _ in tokens})}

    def _kept(self, wanted: Iterable[str]) -> Iterator[Trace]:
        columns = [traces.c[name] for name in Trace._fields]
        query = sa.select(*columns)
        with self._keys.engine.connect() as connection:
            which = among(traces.c.person, {*wanted}, connection.dialect.name)
            for row in connection.execute(query.where(which)):
                yield Trace(row.person, row.mark, bytes(row.digest), row.stream)

    def _made(self, tokens: Sequence[_Token]) -> Iterator[Trace]:
        """Yield the traces of values whose persons have a key."""
        sealing = Sealing(self._keys)
        sealing.fetch(person for (person, *_), _ in tokens)
        for (person, mark, stream), (name, token, sought) in tokens:
            value = sealing.opener(stream)(person, name, token)
            for form in sought.kept(value) if isinstance(value, str) else ():
                yield Trace(person, mark, self._digest(sought.kind, form), stream)

    def _digest(self, kind: str, form: str) -> bytes:
        key = self._keys.digest_key
        return blake2b(form.encode(), digest_size=16, key=key, person=kind.encode()).digest()


_Token = tuple[tuple[str, str, str], tuple[str, str, Sought]]
"""The person, the mark and the stream of a token; the field, the token itself, how it is sought."""


def _tokens(stream: str, type_: str, data: str) -> Iterator[_Token]:
    """Yield the tokens in a payload by which persons are found."""
    fields: Mapping[str, Sought] = sought_fields(type_)
    if PREFIX not in data or not fields:
        return
    found = list[_Token]()

    def look(person: str, name: str, value: Any) -> Any:
        start = f"{PREFIX}{person}:"
        if name in fields and isinstance(value, str) and value.startswith(start):
            mark = value[len(start) : len(start) + MARK]
            found.append(((person, mark, stream), (name, value, fields[name])))
        return value

    through(orjson.loads(data), personal_fields(type_), stream, look)
    yield from found
