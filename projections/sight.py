"""Sight: who asks, where a record belongs, and what of it the one who asks may see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks: an employee by code, or a system by the stream id of its API key.

    `on_behalf_of` is the code of the employee whose grants apply instead, through a delegation.
    """

    employee: str | None
    key: str | None = None
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Where a record belongs: its units, and the employees whose own record it is."""

    units: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """What one grant shows: records of these units and owners, without the masked fields.

    `None` for the units or the owners means all there are, also those that nobody knows.
    """

    grant: str
    units: frozenset[str] | None = None
    owners: frozenset[str] | None = None
    masked: frozenset[str] = frozenset()

    def covers(self, subject: Subject) -> bool:
        """Tell whether a record that belongs there is in view."""
        return (self.units is None or not subject.units.isdisjoint(self.units)) and (
            self.owners is None or not subject.owners.isdisjoint(self.owners)
        )

    @property
    def whole(self) -> bool:
        """Whether every record is in view, masked or not."""
        return self.units is None and self.owners is None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a party sees under one permission: all that any of the views shows."""

    views: tuple[View, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether the party has the permission anywhere."""
        return bool(self.views)

    @property
    def everything(self) -> bool:
        """Whether every record is in sight with all of its fields."""
        return any(view.whole and not view.masked for view in self.views)

    @property
    def whole(self) -> bool:
        """Whether every record is in sight, masked or not."""
        return any(view.whole for view in self.views)

    @property
    def by_owner(self) -> bool:
        """Whether it depends on the owners of a record whether it is in sight."""
        return any(view.owners is not None for view in self.views)

    def covers(self, subject: Subject) -> bool:
        """Tell whether a record that belongs there is in sight."""
        return any(view.covers(subject) for view in self.views)

    def masked(self, subject: Subject) -> frozenset[str]:
        """Return the classes of fields that are masked in a record that is in sight."""
        hidden = [view.masked for view in self.views if view.covers(subject)]
        return frozenset.intersection(*hidden) if hidden else frozenset()

    def masked_somewhere(self) -> frozenset[str]:
        """Return the classes of fields that are masked in any record at all.

        Lists are not filtered or sorted by them, or the order would give them away.
        """
        if self.everything:
            return frozenset()
        return frozenset[str]().union(*(view.masked for view in self.views))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may be done: by which `grant` (its id, or `self`), or what is `missing`."""

    grant: str | None
    missing: str = ""

    def __bool__(self) -> bool:
        """Tell whether it may be done."""
        return self.grant is not None
