"""Tables of the journal: events, head, operations, hashes, claims, tallies and more."""

from __future__ import annotations

import sqlalchemy as sa

journal_tables = sa.MetaData()

ID = sa.String(36)

events = sa.Table(
    "events",
    journal_tables,
    sa.Column(
        "position",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("stream", ID, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("schema", sa.SmallInteger, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("unit", sa.String(64), nullable=False),
    sa.Column("command_id", sa.String(200), nullable=False),
    sa.Column("on_behalf_of", sa.String(200)),
    sa.Column("cause", sa.String(200)),
    sa.Column("data", sa.Text, nullable=False),
    # Not known of what was recorded before there were kinds: `adapters.journal.recorded_actors`.
    sa.Column("on_behalf_kind", sa.String(10)),
    sa.Column("actor_kind", sa.String(10)),
    sa.UniqueConstraint("stream", "version"),
    sa.Index("events_by_time", "time_us"),
)
"""Every event, in commit order; `time_us` is microseconds since 1970 UTC.

Who did it is an identity (`actor`) among those of a kind (`actor_kind`), and so is for whom."""

head = sa.Table(
    "head",
    journal_tables,
    sa.Column("one", sa.SmallInteger, sa.CheckConstraint("one = 1"), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.BigInteger, nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("event_tree", sa.LargeBinary),
    sa.Column("operation_tree", sa.LargeBinary),
)
"""One row: the last position, operation number and time. Its lock orders all writers.

The trees are the frontiers of the two Merkle logs (`merkle.Frontier`); nothing: none yet."""


def _hashes(name: str) -> sa.Table:
    place = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Table(
        name,
        journal_tables,
        sa.Column("place", place, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )


event_hashes, operation_hashes = _hashes("event_hashes"), _hashes("operation_hashes")
"""The hashes of the Merkle logs of events and operations, in the order of `merkle.place`.

A row has those of one commit, the first of which stands at `place`."""

operations = sa.Table(
    "operations",
    journal_tables,
    sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("on_behalf_of", sa.String(200)),
    sa.Column("unit", sa.String(64), nullable=False),
    sa.Column("command", sa.String(100), nullable=False),
    sa.Column("target", ID),
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("refusal", sa.String(100)),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("command_id", sa.String(200), nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("version", sa.Integer),
    sa.Column("position", sa.BigInteger),
    sa.Column("duration_us", sa.BigInteger, nullable=False),
    sa.Column("address", sa.String(64)),
    sa.Column("trace", sa.String(64)),
    sa.Column("credential", sa.String(200)),
    sa.Column("query", sa.Text),
    sa.Column("kind", sa.String(10), nullable=False, server_default="command"),
    sa.Column("times", sa.Integer, nullable=False, server_default="1"),
    sa.Column("on_behalf_kind", sa.String(10)),
    sa.Column("actor_kind", sa.String(10)),
    sa.Column("rows", sa.BigInteger),
    sa.Column("targets", sa.Text),
)
"""The operation log: every attempt to command, and every sensitive read (`kind` tells them apart).

`credential` is what the caller was known by, `query` the path and query of a read. An accepted
command also answers its repeats: `digest` is that of the request, `target`, `version` and
`position` are the answer; ids are unique for each actor alone. An entry may stand for several
attempts that were refused alike (`times`). Of a read `position` is how far what it told had
come, `rows` how many records or lines it told, `targets` the ids of all, if they are few."""

sa.Index(
    "operations_once",
    operations.c.command_id,
    operations.c.actor,
    operations.c.actor_kind,
    unique=True,
    sqlite_where=sa.text("accepted = 1"),
    postgresql_where=operations.c.accepted,
)
sa.Index("operations_by_target", operations.c.target)
sa.Index("operations_by_time", operations.c.time_us)
sa.Index("operations_by_actor", operations.c.actor, operations.c.number)
sa.Index("operations_by_unit", operations.c.unit, operations.c.number)
sa.Index("operations_by_command", operations.c.command, operations.c.number)
for _rare in (operations.c.on_behalf_of, operations.c.refusal, operations.c.trace):
    sa.Index(
        f"operations_by_{_rare.name}",
        _rare,
        operations.c.number,
        sqlite_where=_rare.is_not(None),
        postgresql_where=_rare.is_not(None),
    )

migrations = sa.Table(
    "migrations",
    journal_tables,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("time_us", sa.BigInteger, nullable=False),
)
"""How these tables came to their form; the highest version is the one they are at."""

zone = sa.Table(
    "zone",
    journal_tables,
    sa.Column("one", sa.SmallInteger, sa.CheckConstraint("one = 1"), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""One row: the time zone in which days are counted, from a position on; those before are UTC's."""

claims = sa.Table(
    "claims",
    journal_tables,
    sa.Column("rule", sa.String(100), primary_key=True),
    sa.Column("value", sa.String(200), primary_key=True),
    sa.Column("stream", ID, nullable=False),
)
"""What only one record may hold at a time, such as a registration number."""

former_claims = sa.Table(
    "former_claims",
    journal_tables,
    sa.Column("rule", sa.String(100), primary_key=True),
    sa.Column("value", sa.String(200), primary_key=True),
    sa.Column("stream", ID, primary_key=True),
)
"""Which records held a claim once: what is stated for those days may concern them."""

tallies = sa.Table(
    "tallies",
    journal_tables,
    sa.Column("kind", sa.String(100), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.String(40), nullable=False),
)
"""How many records of a kind count for something, as the bills of a run, and to what they come."""

checkpoints = sa.Table(
    "checkpoints",
    journal_tables,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""How far each reader of the journal has got."""

leases = sa.Table(
    "leases",
    journal_tables,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("holder", sa.String(100), nullable=False),
    sa.Column("until_us", sa.BigInteger, nullable=False),
)
"""Who may do what only one process at a time may do, and until when."""
