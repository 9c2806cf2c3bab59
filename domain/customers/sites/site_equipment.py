"""Equipment: what stands at a site, whose it is, and until when it has a warranty."""

from __future__ import annotations

import dataclasses
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, command, keyed
from domain.kernel.part import Part
from domain.kernel.time.correction import Fields
from domain.kernel.types.values import Code, Come, LastDay, Line, PastDay


class EquipmentKind(StrEnum):
    """What a piece of equipment is."""

    ROUTER = "router"
    SWITCH = "switch"
    FIREWALL = "firewall"
    PBX = "pbx"
    SERVER = "server"
    TERMINAL = "terminal"
    POWER = "power"
    OTHER = "other"


class EquipmentOwner(StrEnum):
    """Whose a piece of equipment is."""

    CUSTOMER = "customer"
    US = "us"
    THIRD_PARTY = "third-party"


Pieces = Annotated[int, Field(ge=1, le=1_000_000)]


class EquipmentTagTaken(RuleViolation):
    """The tag of a piece of equipment is given once at a site."""


class EquipmentRequired(RuleViolation):
    """Only equipment that was recorded is corrected or removed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Equipment(Fields):
    """What is known of one piece of equipment, or of several alike."""

    kind: EquipmentKind | None = None
    vendor: str | None = None
    model: str | None = None
    quantity: int | None = None
    owner: EquipmentOwner | None = None
    installed_on: Annotated[date | None, Come()] = None
    warranty_until: date | None = None
    maintained_by: str | None = None


class SiteEquipment(Part):
    """The equipment of a site, by its tags."""

    class EquipmentRecorded(Equipment, Aggregate.Event, puts="equipment"):
        """{who} recorded the equipment {tag}: {quantity} × {vendor} {model}, of {owner}.

        [It has a warranty until {warranty_until}.]
        """

        tag: str
        on: date | None = None

    class EquipmentCorrected(Equipment, Aggregate.Event, corrects="equipment"):
        """{who} corrected the equipment {tag}: {changes}."""

        tag: str
        cleared: tuple[str, ...] = ()
        on: date | None = None

    class EquipmentRemoved(Aggregate.Event, drops="equipment"):
        """{who} removed the equipment {tag}, because "{reason}"."""

        tag: str
        reason: str
        on: date | None = None

    equipment: dict[str, dict[str, Any]] = keyed(
        "tag", Equipment, EquipmentRequired, taken=EquipmentTagTaken
    )

    @command(states=EquipmentRecorded)
    def record_equipment(
        self,
        tag: Code,
        kind: EquipmentKind,
        vendor: Line,
        model: Line,
        quantity: Pieces,
        owner: EquipmentOwner,
        installed_on: PastDay | None = None,
        warranty_until: LastDay | None = None,
        maintained_by: Line | None = None,
    ) -> None:
        """Record equipment that stands at the site, one piece or several alike."""

    @command(states=EquipmentCorrected)
    def correct_equipment(
        self,
        tag: Code,
        kind: EquipmentKind | None = None,
        vendor: Line | None = None,
        model: Line | None = None,
        quantity: Pieces | None = None,
        owner: EquipmentOwner | None = None,
        installed_on: PastDay | None = None,
        warranty_until: LastDay | None = None,
        maintained_by: Line | None = None,
        clear: list[Literal["installed_on", "warranty_until", "maintained_by"]] | None = None,
    ) -> None:
        """Correct what is known of equipment: what is given, and what to `clear`."""

    @command(states=EquipmentRemoved)
    def remove_equipment(self, tag: Code, reason: Line) -> None:
        """Remove equipment from the site, for a reason."""
