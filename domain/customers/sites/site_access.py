"""Access points: how a site is connected, by whom, by which medium, and by which entry."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, command, keyed, starts
from domain.kernel.part import Part
from domain.kernel.time.correction import Fields, corrected
from domain.kernel.types.values import Code, Id, Line


class Medium(StrEnum):
    """What an access point is made of."""

    FIBRE = "fibre"
    COPPER = "copper"
    MICROWAVE = "microwave"
    MOBILE = "mobile"
    SATELLITE = "satellite"


OURS = "ours"
"""The carrier of what is our own; any other is the name of a competitor."""

Mbps = Annotated[int, Field(ge=1, le=100_000_000)]
"""A bandwidth in megabits a second."""

Ports = Annotated[int, Field(ge=1, le=100_000)]
Some = Annotated[list[Line], Field(max_length=50)]
Documents = Annotated[list[Id], Field(max_length=50)]


class AccessPointCodeTaken(RuleViolation):
    """The code of an access point is given once at a site."""


class AccessPointRequired(RuleViolation):
    """Only an access point that the site has is corrected, removed or named as diverse."""


class DiverseFromItself(RuleViolation):
    """An access point is not its own diverse route."""


class EntryShared(RuleViolation):
    """Diverse access points do not come in by the same entry."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccessPoint(Fields):
    """What is known of one access point."""

    medium: Medium | None = None
    carrier: str | None = None
    capacity_mbps: int | None = None
    ports: int | None = None
    entry: str | None = None
    diverse_from: str | None = None


class SiteAccess(Part):
    """The access points of a site, and the network that it has."""

    class AccessPointAdded(AccessPoint, Aggregate.Event, puts="access_points"):
        """{who} added the access point {code}: {medium}, {carrier}[, {capacity_mbps} Mbit/s].

        [It comes in by {entry}.][ It is diverse from {diverse_from}.]
        """

        code: str
        on: date | None = None

    class AccessPointCorrected(AccessPoint, Aggregate.Event, corrects="access_points"):
        """{who} corrected the access point {code}: {changes}."""

        code: str
        cleared: tuple[str, ...] = ()
        on: date | None = None

    class AccessPointRemoved(Aggregate.Event, drops="access_points"):
        """{who} removed the access point {code}, because "{reason}"."""

        code: str
        reason: str
        on: date | None = None

    class NetworkDescribed(
        Aggregate.Event,
        changes=("topology", "protocols", "providers", "bandwidth_mbps", "document_ids"),
    ):
        """{who} described the network: {topology}[, {bandwidth_mbps} Mbit/s]."""

        topology: str
        protocols: list[str]
        providers: list[str]
        bandwidth_mbps: int | None
        document_ids: list[str]
        on: date | None = None

    access_points: dict[str, dict[str, Any]] = keyed(
        "code", AccessPoint, AccessPointRequired, taken=AccessPointCodeTaken
    )
    topology: str | None = starts(lambda: None)
    protocols: list[str] = starts(list)
    providers: list[str] = starts(list)
    bandwidth_mbps: int | None = starts(lambda: None)
    document_ids: list[str] = starts(list)

    @command(states=AccessPointAdded)
    def add_access_point(
        self,
        code: Code,
        medium: Medium,
        carrier: Line,
        capacity_mbps: Mbps | None = None,
        ports: Ports | None = None,
        entry: Line | None = None,
        diverse_from: Code | None = None,
    ) -> None:
        """Add an access point; `diverse_from` is one that another route leads to.

        Its `carrier` is `ours`, or the name of a competitor.
        """
        self._require_diverse(code, AccessPoint.among(locals()))

    @command(states=AccessPointCorrected)
    def correct_access_point(
        self,
        code: Code,
        medium: Medium | None = None,
        carrier: Line | None = None,
        capacity_mbps: Mbps | None = None,
        ports: Ports | None = None,
        entry: Line | None = None,
        diverse_from: Code | None = None,
        clear: list[Literal["capacity_mbps", "ports", "entry", "diverse_from"]] | None = None,
    ) -> None:
        """Correct what is known of an access point: what is given, and what to `clear`."""
        known, given = self.access_points[code], AccessPoint.among(locals())
        left = [each for each in clear or () if given[each] is None]
        self._require_diverse(code, corrected(known, given, left))

    def _require_diverse(self, code: str, point: Mapping[str, Any]) -> None:
        """Refuse an access point whose routes would not be diverse with it, on either side."""
        if point["diverse_from"] == code:
            raise DiverseFromItself("diverse_from")
        points = {**self.access_points, code: point}
        if point["diverse_from"] is not None and point["diverse_from"] not in points:
            raise AccessPointRequired("diverse_from")
        pairs = [(name, each["diverse_from"]) for name, each in points.items()]
        for name, other in pairs:
            entries = {points[each]["entry"] for each in (name, other) if each is not None}
            if other is not None and len(entries) == 1 and entries != {None}:
                raise EntryShared("entry" if point["entry"] is not None else "diverse_from")

    @command(states=AccessPointRemoved)
    def remove_access_point(self, code: Code, reason: Line) -> None:
        """Remove an access point, for a reason; what was diverse from it is so no more."""

    @applies(AccessPointRemoved)
    def _access_point_removed(self, code: str) -> None:
        for name, each in self.access_points.items():
            if each["diverse_from"] == code:
                self.access_points[name] = {**each, "diverse_from": None}

    @command(states=NetworkDescribed)
    def describe_network(
        self,
        topology: Line,
        protocols: Some,
        providers: Some,
        document_ids: Documents,
        bandwidth_mbps: Mbps | None = None,
    ) -> None:
        """Describe the customer's own network at the site, in place of what was said before."""
