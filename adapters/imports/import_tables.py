"""Import tables: what was sent by whom and how far it is; and contents, which are sealed."""

from __future__ import annotations

import os

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from adapters.storage.databases import connect, writing

tables = sa.MetaData()

OPEN = ("receiving", "waiting", "running")
"""The states of what is not at its end."""

COUNTS = ("imported", "unchanged", "updated", "refused")
"""What rows come to."""


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


imports = sa.Table(
    "imports",
    tables,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False, server_default=""),
    sa.Column("file", sa.String(200), nullable=False, server_default=""),
    _count("bytes"),
    sa.Column("sha256", sa.String(64), nullable=False, server_default=""),
    sa.Column("wish", sa.String(64), nullable=False, server_default=""),
    sa.Column("dry_run", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("update", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("actor_kind", sa.String(10), nullable=False),
    sa.Column("on_behalf_of", sa.String(200), nullable=False),
    sa.Column("unit", sa.String(64), nullable=False),
    sa.Column("credential", sa.String(200), nullable=False),
    sa.Column("key", sa.String(200)),
    sa.Column("sent_us", sa.BigInteger, nullable=False),
    sa.Column("heard_us", sa.BigInteger, nullable=False),
    sa.Column("started_us", sa.BigInteger),
    sa.Column("ended_us", sa.BigInteger),
    _count("runs"),
    sa.Column("after", sa.BigInteger),
    sa.Column("stop", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("rows", sa.BigInteger),
    *map(_count, (*COUNTS, "alike")),
    sa.Column("position", sa.BigInteger),
    sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Index("imports_by_state", "state"),
    sa.Index("imports_by_sender", "actor", "id"),
    sa.Index("imports_once", "actor_kind", "actor", "on_behalf_of", "key", unique=True),
)
"""Each import. `wish` is a digest of what is to be made of the file; `heard_us` when the last of it
came; `runs` how often it was begun, the last of which alone tells of it; `after` the entry of the
operation log behind which it began; `stop` whether it is to end; `kept` whether contents are."""

contents = sa.Table(
    "import_contents",
    tables,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("part", sa.String(10), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The `file` and what was `asked` with it until its end, what is `told` and `errors` after it."""


def opened(url: str) -> sa.Engine:
    """Return the database of imports, with its tables."""
    if url.startswith("sqlite:///"):
        # The file is for its owner alone, whatever the process lets others read.
        os.close(os.open(url.removeprefix("sqlite:///"), os.O_CREAT | os.O_RDWR, 0o600))
    engine = connect(url, "full", 4)
    if not sa.inspect(engine).has_table(contents.name):
        try:
            with writing(engine).begin() as connection:
                tables.create_all(connection)
        except (IntegrityError, OperationalError, ProgrammingError):
            if not sa.inspect(engine).has_table(contents.name):
                raise  # else another process has made them right now
    return engine
