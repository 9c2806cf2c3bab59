"""Holdings: the roles that somebody holds, where, how far and for how long."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.permissions.permission import hidden
from projections.kernel.read_model import Row


class Holding(NamedTuple):
    """A role that somebody holds somewhere for a time: by a grant, or as an API key."""

    id: str
    holder: str | None  # the employee, none for a key
    role: str
    unit: str
    reach: str
    masked: frozenset[str]  # with what goes with what was stated
    starts: datetime | None
    until: datetime | None

    def live(self, now: datetime) -> bool:
        """Tell whether it is in effect."""
        return in_effect(self.starts, self.until, now)


def of_grant(row: Row) -> Holding | None:
    """Return the holding that a grant is, unless it was revoked."""
    if row["state"] != "active":
        return None
    return Holding(
        row["id"],
        row["employee"],
        row["role"],
        row["unit"],
        row["reach"],
        hidden(row["masked"] or ()),
        row["starts"],
        row["until"],
    )


def of_key(row: Row) -> Holding | None:
    """Return the holding that an API key is, unless it was revoked."""
    if row["state"] != "active":
        return None
    masked = hidden(row["masked"] or ())
    return Holding(row["id"], None, row["role"], row["unit"], "unit", masked, None, row["until"])


def in_effect(starts: datetime | None, until: datetime | None, now: datetime) -> bool:
    """Tell whether a moment is in a period, which ends before `until`."""
    return (starts is None or starts <= now) and (until is None or now < until)
