"""Keeping: the database itself refuses to change or delete rows of a table, whoever asks."""

from __future__ import annotations

import sqlalchemy as sa

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION keyline_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$
"""


def keep(connection: sa.Connection, table: sa.Table) -> None:
    """Let rows be added to a table from now on, and nothing else.

    On SQLite this covers replacing a row only where `recursive_triggers` is on, as it is for
    every connection of ours.
    """
    name = table.name
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL_FUNCTION.replace("%", "%%"))
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name}_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION keyline_keep()"
        )
        # Replication and restores switch ordinary triggers off; this one stays on.
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_are_kept")
        return
    for action in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name}_are_kept_from_{action.lower()} BEFORE {action} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{name} is only ever added to'); END"
        )
