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

    def within(self, other: View) -> bool:
        """Tell whether all that is in view here is in another view, whatever they mask."""
        return (other.units is None or (self.units is not None and self.units <= other.units)) and (
            other.owners is None or (self.owners is not None and self.owners <= other.owners)
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
        """Return the classes of fields that are masked in some records, by the grants alone.

        What goes by them is of those records that show them, or their values would be given away.
        """
        if self.everything:
            return frozenset()
        return frozenset(
            each
            for view in self.views
            for each in view.masked
            if not any(view.within(other) for other in self.showing(each).views)
        )

    def showing(self, class_: str) -> Sight:
        """Return what is in sight with a class of fields: a mask takes nothing from other views."""
        return Sight(tuple(view for view in self.views if class_ not in view.masked))


@dataclass(frozen=True, slots=True)
class Sights:
    """What a party sees of what records of several kinds come to: these records, by kind.

    Of the rows made of them are in sight those that show all fields of the classes `shown`; each
    shows a class that all the records show that it is made of.
    """

    of: tuple[tuple[str, Sight], ...]
    shown: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether the party sees records of each kind, with what is to be shown."""
        return all(bool(sight) and all(map(sight.showing, self.shown)) for _, sight in self.of)

    def masked_somewhere(self) -> frozenset[str]:
        """Return the classes of fields that are masked in some rows, by the grants alone."""
        return frozenset().union(*(sight.masked_somewhere() for _, sight in self.of))

    def showing(self, class_: str) -> Sights:
        """Return what is in sight with a class of fields."""
        return Sights(self.of, self.shown | {class_})


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may be done: by which `grant` (its id, or `self`), or what is `missing`."""

    grant: str | None
    missing: str = ""

    def __bool__(self) -> bool:
        """Tell whether it may be done."""
        return self.grant is not None
