"""Checkpoints: how far each reader of the journal has got."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.storage.databases import writing
from adapters.storage.journal_tables import checkpoints
from adapters.storage.leases import Lease


class Checkpoint:
    """The last position that a named reader is done with, kept in the journal's database."""

    def __init__(self, engine: sa.Engine, name: str, lease: Lease | None = None) -> None:
        """Describe the checkpoint `name`; with a lease only its holder can move it."""
        self.name = name
        self._engine = engine
        self._lease = lease

    def get(self) -> int:
        """Return the position; 0 when there is none yet."""
        query = sa.select(checkpoints.c.position).where(checkpoints.c.name == self.name)
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def set(self, position: int, connection: sa.Connection | None = None) -> None:
        """Move to a position, in the transaction of `connection` if one is given.

        Raises `LeaseLost`, and moves nothing, when another process holds the lease.
        """
        if connection is None:
            with writing(self._engine).begin() as own:
                return self.set(position, own)
        if self._lease is not None:
            self._lease.hold(connection)
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(checkpoints).values(name=self.name, position=position)
        update = insert.on_conflict_do_update(
            index_elements=[checkpoints.c.name], set_={"position": position}
        )
        connection.execute(update)
        return None

    def forget(self) -> None:
        """Forget the position, as if nobody had begun to read."""
        with writing(self._engine).begin() as connection:
            connection.execute(checkpoints.delete().where(checkpoints.c.name == self.name))
