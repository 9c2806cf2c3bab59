"""Zones: in which time zone the days of a journal are counted, stated in it once and for good."""

from __future__ import annotations

import sqlalchemy as sa

from adapters.storage.instants import instant
from adapters.storage.journal_tables import events, head, zone
from domain.kernel.time.business_day import EVER, count_in


class OtherZone(Exception):
    """The journal counts its days in another time zone than the settings say."""


def state_zone(connection: sa.Connection, name: str) -> None:
    """State, in a journal that states none yet, that the zone counts for all that will come.

    What is recorded already keeps its days. Raises `OtherZone` when it states another.
    """
    if connection.execute(sa.select(zone)).one_or_none() is None:
        position = connection.scalars(sa.select(head.c.position).with_for_update()).one()
        connection.execute(zone.insert(), {"one": 1, "name": name, "position": position + 1})
    require_zone(connection, name)


def require_zone(connection: sa.Connection, name: str) -> None:
    """Refuse a time zone that is not the journal's own. Raises `OtherZone`."""
    if (stated := connection.scalars(sa.select(zone.c.name)).one()) != name:
        raise OtherZone(
            f"The journal counts its days in {stated}, KEYLINE_ZONE is {name}: set it to {stated}. "
            "It is not changed later, as days decide what was true when."
        )


def count_as_stated(connection: sa.Connection) -> None:
    """Have this process count days as a journal states."""
    stated = connection.execute(sa.select(zone)).one()
    last = sa.select(events.c.time_us).where(events.c.position == stated.position - 1)
    before = connection.scalar(last)
    # Each commit has a later time than the one before.
    count_in(stated.name, EVER if before is None else instant(before + 1))
