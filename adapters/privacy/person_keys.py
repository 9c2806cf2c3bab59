"""Keys of persons: one a person, wrapped by a master key, in a database apart from the journal."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from adapters.privacy.key_wrapping import Wrapping
from adapters.privacy.master_keys import SIZE, MasterKeys
from adapters.settings import Settings, SettingsError
from adapters.storage.databases import connect, in_parts, writing
from projections.kernel.rows.store import as_one_of, one_of

SCHEMA = "keyline_keys"
AT_ONCE = 1000
"""Keys that are wrapped anew in one transaction."""

_tables = sa.MetaData(schema=SCHEMA)

persons = sa.Table(
    "persons",
    _tables,
    sa.Column("person", sa.String(36), primary_key=True),
    sa.Column("master", sa.String(16), nullable=False, index=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
"""The key of each person, wrapped by the master key of the id `master`."""

destroyed = sa.Table(
    "destroyed",
    _tables,
    sa.Column("person", sa.String(36), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""Who was erased, and by the event at which position: such a person gets no key again."""

state = sa.Table(
    "state",
    _tables,
    sa.Column("one", sa.SmallInteger, sa.CheckConstraint("one = 1"), primary_key=True),
    sa.Column("master", sa.String(16), nullable=False),
    sa.Column("followed", sa.BigInteger, nullable=False),
    sa.Column("digests_master", sa.String(16), nullable=False),
    sa.Column("digests", sa.LargeBinary, nullable=False),
)
"""One row: the master key in use, up to where the journal's erasures were followed, and the key of
digests. A copy of the database that is put back brings its own, earlier place: what was erased
since is destroyed again."""

traces = sa.Table(
    "traces",
    _tables,
    sa.Column("person", sa.String(36), primary_key=True),
    sa.Column("mark", sa.String(16), primary_key=True),
    sa.Column("digest", sa.LargeBinary(16), primary_key=True),
    sa.Column("stream", sa.String(36), nullable=False),
    sa.Index("traces_digest", "digest", "mark", "stream"),
    sqlite_with_rowid=False,
)
"""By what values of persons are found that their keys seal: the blind index."""

_DIGESTS = "digests"


class PersonKeys:
    """The keys of persons. Nothing is cached: a key that was destroyed is gone for everybody."""

    def __init__(self, url: str, master: MasterKeys) -> None:
        """Describe the database of a journal's keys and the file of their master key."""
        if url.startswith("sqlite:///"):
            # The file is for its owner alone, whatever the process lets others read.
            os.close(os.open(url.removeprefix("sqlite:///"), os.O_CREAT | os.O_RDWR, 0o600))
        engine = connect(url, "full", 4)
        self.lite = engine.dialect.name == "sqlite"
        if self.lite:
            sa.event.listen(engine, "connect", _overwrite_what_goes)
            engine = engine.execution_options(schema_translate_map={SCHEMA: None})
        self.engine = engine
        self.master = master
        self.wrapping = Wrapping(master)
        """Wraps by the same master key what is kept elsewhere."""
        self._get = (
            f"SELECT person, master, wrapped FROM {'' if self.lite else f'{SCHEMA}.'}persons "
            f"WHERE person {one_of(engine.dialect)}"
        )
        self.digest_key = b""
        """Makes digests that nobody can try guesses on who does not have it."""

    @classmethod
    def of(cls, settings: Settings) -> PersonKeys:
        """Open the keys that the settings name. Raises `SettingsError` for a wrong master key."""
        found = cls(settings.keys_url, MasterKeys(settings.master_key_path))
        found.create()
        return found

    def create(self) -> None:
        """Make what is missing, a master key too if there never was one.

        Raises `SettingsError` when the master key is missing or is another one.
        """
        self._make_tables()
        row = self._state()
        if row is None:
            self.master.make()
            self._begin(self.wrapping.reload())
            row = self._state()
        else:
            self.wrapping.reload()
        if row is None or not self.wrapping.has(row.master):
            raise SettingsError(
                f"The master key {self.master.path} is another one than that which wraps the keys "
                "of persons. Put the right one back; KEYLINE_MASTER_KEY says where it is."
            )
        opened = self.wrapping.unwrap(row.digests_master, _DIGESTS, row.digests)
        self.digest_key = opened or b""

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def get(self, wanted: Iterable[str]) -> dict[str, bytes]:
        """Return the keys of persons, in one query; whose key does not open is left out."""
        parameter = as_one_of(self.engine.dialect, wanted)
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(self._get, (parameter,)).all()
        unwrap = self.wrapping.unwrap
        found = ((row.person, unwrap(row.master, row.person, row.wrapped)) for row in rows)
        return {person: key for person, key in found if key is not None}

    def erased(self, wanted: Collection[str]) -> set[str]:
        """Return those of some persons who were erased."""
        found: set[str] = set()
        with self.engine.connect() as connection:
            for part in in_parts(list(wanted)):
                query = sa.select(destroyed.c.person).where(destroyed.c.person.in_(part))
                found.update(connection.scalars(query))
        return found

    def add(self, keys: Mapping[str, bytes]) -> None:
        """Keep new keys durably. Raises `Unavailable` without the master key that is in use now."""
        with self._holding() as (connection, master):
            rows = [
                {"person": person, "master": master, "wrapped": self._wrap(master, person, key)}
                for person, key in keys.items()
            ]
            connection.execute(persons.insert(), rows)

    @contextmanager
    def holding(self) -> Iterator[str]:
        """Yield the id of the master key in use, and let no other be it within the block."""
        with self._holding() as (_, master):
            yield master

    def destroy(self, erased: Mapping[str, int]) -> None:
        """Destroy keys for good, by the person, with the position of the event that erased them.

        By what they were found goes with them.
        """
        insert = (sqlite if self.lite else postgresql).insert(destroyed).on_conflict_do_nothing()
        rows = [{"person": person, "position": position} for person, position in erased.items()]
        with writing(self.engine).begin() as connection:
            for part in in_parts(list(erased)):
                connection.execute(persons.delete().where(persons.c.person.in_(part)))
                connection.execute(traces.delete().where(traces.c.person.in_(part)))
            connection.execute(insert, rows)
        if self.lite:
            with self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                # The log of changes has the pages of before; outside a transaction it can be cut.
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def followed(self) -> int:
        """Return the position up to which the journal's erasures were followed."""
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(state.c.followed)) or 0

    def follow(self, position: int) -> None:
        """Note up to which position the journal's erasures were followed."""
        with writing(self.engine).begin() as connection:
            connection.execute(state.update(), {"followed": position})

    def rotate(
        self,
        advance: Callable[[int], None] = lambda _: None,
        others: Callable[[str], None] = lambda _: None,
    ) -> str:
        """Wrap all keys by a new master key, the last of the file, and take the others out of it.

        `others` wraps by the new one, whose id it gets, what of it is kept elsewhere.

        Others read and write meanwhile. Begun again after a crash it goes on where it was; only
        when nothing was begun is a new key made. `advance` is told how many keys were done.
        Returns the id of the new key. Raises `SettingsError` for a key that none of the file opens.
        """
        self.master.add_next()
        newest = self.wrapping.reload()
        with writing(self.engine).begin() as connection:
            connection.execute(sa.select(state).with_for_update())
            connection.execute(state.update(), {"master": newest})
        while done := self._rewrap_some(newest):
            advance(done)
        with writing(self.engine).begin() as connection:
            row = connection.execute(sa.select(state).with_for_update()).one()
            digests = self._rewrapped(newest, row.digests_master, _DIGESTS, row.digests)
            connection.execute(state.update(), {"digests_master": newest, "digests": digests})
        others(newest)
        self.master.keep(newest)
        return newest

    def count(self) -> int:
        """Return how many persons have a key."""
        with self.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(persons)) or 0

    def _rewrap_some(self, newest: str) -> int:
        query = sa.select(persons).where(persons.c.master != newest).limit(AT_ONCE)
        with writing(self.engine).begin() as connection:
            rows = connection.execute(query.with_for_update()).all()
            for row in rows:
                wrapped = self._rewrapped(newest, row.master, row.person, row.wrapped)
                change = persons.update().where(persons.c.person == row.person)
                connection.execute(change, {"master": newest, "wrapped": wrapped})
        return len(rows)

    def _rewrapped(self, newest: str, master: str, name: str, wrapped: bytes) -> bytes:
        return self.wrapping.rewrap(newest, master, name, wrapped)

    def _wrap(self, master: str, name: str, key: bytes) -> bytes:
        return self.wrapping.wrap(master, name, key)

    @contextmanager
    def _holding(self) -> Iterator[tuple[sa.Connection, str]]:
        with writing(self.engine).begin() as connection:
            held = sa.select(state.c.master).with_for_update(read=True)
            yield connection, connection.scalar(held) or ""

    def _make_tables(self) -> None:
        if self._has(traces):
            return
        try:
            with writing(self.engine).begin() as connection:
                if not self.lite:
                    connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
                _tables.create_all(connection)
                # Keys that had no index: what they seal is followed, from the first on.
                connection.execute(state.update(), {"followed": 0})
        except (IntegrityError, OperationalError, ProgrammingError):
            if not self._has(traces):
                raise  # else another process has made them right now

    def _has(self, table: sa.Table) -> bool:
        return sa.inspect(self.engine).has_table(table.name, None if self.lite else SCHEMA)

    def _begin(self, master: str) -> None:
        digests = self._wrap(master, _DIGESTS, secrets.token_bytes(SIZE))
        row = {"one": 1, "master": master, "followed": 0}
        row |= {"digests_master": master, "digests": digests}
        insert = (sqlite if self.lite else postgresql).insert(state).on_conflict_do_nothing()
        with writing(self.engine).begin() as connection:
            connection.execute(insert, row)

    def _state(self) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(sa.select(state)).one_or_none()


def _overwrite_what_goes(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA secure_delete = on")
