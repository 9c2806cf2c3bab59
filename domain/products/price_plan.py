"""Price plans: what a product costs in a unit and below it, from which day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    begins,
    command,
)
from domain.kernel.parts.reviewed import DraftRequired, Reviewed
from domain.kernel.time.business_day import today
from domain.kernel.types.authority import Limits
from domain.kernel.types.decided import Decided
from domain.kernel.types.values import (
    Code,
    Come,
    Currency,
    Line,
    NearDay,
    PastDay,
    ProductId,
    UnitCode,
)
from domain.products.price_parts import PricePart, PriceParts, require_sound

PriceAuthority = Annotated[Limits, Decided("price-authority", "deepest")]
"""How far each level's authority goes, by the deepest discount that a tier gives."""


class Status(StrEnum):
    """Where the latest version of a price plan stands, until the plan is ended."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ENDED = "ended"


class PlanCodeTaken(RuleViolation):
    """The code of a price plan is given once in a unit."""


class PriceAhead(RuleViolation):
    """A price counts from the day after its approval at the earliest."""


class VersionPending(RuleViolation):
    """One version is decided before the next is drafted."""


class VersionsFollow(RuleViolation):
    """A version of a price plan counts no earlier than the one before it."""


class PlanEnded(RuleViolation):
    """A price plan that was ended is not changed any more."""


class NoPrice(RuleViolation):
    """What no price plan in force says has no price: none is made up."""


class Version(NamedTuple):
    """What a version of a price plan says, and from which day on."""

    valid_from: date
    parts: list[PricePart]


class PricePlan(Reviewed[PriceAuthority], Aggregate):
    """What a product costs in a unit and below it, by versions that follow one another."""

    beyond = "discount-beyond-authority"
    titles = {"parts": "价格构成", "product_id": "产品", "valid_from": "生效日"}

    class Drafted(Aggregate.Created):
        """{who} drafted the price plan {code} of {product_id} at {unit}, from {valid_from} on."""

        product_id: str
        code: str
        unit: str
        currency: str
        parts: list[PricePart]
        valid_from: date

        def apply(self, aggregate: Any) -> None:
            """Keep what it is for, and its first version."""
            for name in ("product_id", "code", "unit", "currency"):
                setattr(aggregate, name, getattr(self, name))
            aggregate.drafts = [Version(self.valid_from, self.parts)]

    class VersionDrafted(Aggregate.Event, to=Status.DRAFTED):
        """{who} drafted another version, from {valid_from} on."""

        parts: list[PricePart]
        valid_from: date

        def apply(self, aggregate: Any) -> None:
            """Add the version."""
            aggregate.drafts.append(Version(self.valid_from, self.parts))

    class DraftRevised(Aggregate.Event):
        """{who} revised the draft[: from {valid_from} on][: {parts}]."""

        parts: list[PricePart] | None = None
        valid_from: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what the version says now."""
            last = aggregate.drafts[-1]
            aggregate.drafts[-1] = Version(
                self.valid_from or last.valid_from, self.parts or last.parts
            )

    class TakenOver(Aggregate.Event, to=Status.APPROVED):
        """{who} took over the version, approved on {approved_on}[ by {decided_by}], not here."""

        approved_on: Annotated[date, Come()]
        decided_by: str | None

    class Ended(Aggregate.Event, to=Status.ENDED):
        """{who} ended the price plan, because "{reason}"."""

        reason: str
        on: date | None = None

    status = begins(Status.DRAFTED, ends=(Status.ENDED,), ended=PlanEnded)
    product_id: str
    code: str
    unit: str
    currency: str
    drafts: list[Version]
    """Its versions, of which the last may not be approved."""

    @classmethod
    @command
    def draft(
        cls,
        product_id: ProductId,
        code: Code,
        unit: UnitCode,
        parts: PriceParts,
        valid_from: NearDay,
        currency: Currency = "CNY",
    ) -> PricePlan:
        """Draft the prices of a product in a unit and below it, from a day on, in one currency."""
        require_sound(parts)
        return cls._create(
            cls.Drafted,
            product_id=product_id,
            code=code,
            unit=unit,
            currency=currency,
            parts=parts,
            valid_from=valid_from,
        )

    @property
    def claims(self) -> Mapping[type[RuleViolation], tuple[object, ...]]:
        """The code of the plan in its unit, for ever."""
        return {PlanCodeTaken: (self.unit, self.code)}

    @property
    def deepest(self) -> Decimal:
        """By how many per cent a tier of the latest version is below its first, at most."""
        return max(part.deepest() for part in self.drafts[-1].parts)

    def require_approvable(self) -> None:
        """Refuse prices that would count before they were approved."""
        if self.drafts[-1].valid_from <= today():
            raise PriceAhead

    @command(only=(Status.APPROVED, VersionPending))
    def draft_version(self, parts: PriceParts, valid_from: NearDay) -> None:
        """Draft other prices, which count instead from a day on."""
        require_sound(parts)
        if valid_from < self.drafts[-1].valid_from:
            raise VersionsFollow("valid_from")
        self.trigger_event(self.VersionDrafted, parts=parts, valid_from=valid_from)

    @command(only=(Status.DRAFTED, DraftRequired))
    def revise_draft(
        self, parts: PriceParts | None = None, valid_from: NearDay | None = None
    ) -> None:
        """Revise the draft: its prices, or from which day on they count."""
        last = self.drafts[-1]
        told = Version(valid_from or last.valid_from, parts or last.parts)
        if told == last:
            raise NothingChanged
        require_sound(told.parts)
        if told.valid_from < max((each.valid_from for each in self.drafts[:-1]), default=date.min):
            raise VersionsFollow("valid_from")
        self.trigger_event(self.DraftRevised, parts=parts, valid_from=valid_from)

    @command(only=(Status.DRAFTED, DraftRequired))
    def take_over(self, approved_on: PastDay, decided_by: Line | None = None) -> None:
        """Take over, as it was drafted, a version approved before it was entered: when, by whom."""
        if self.drafts[-1].valid_from <= approved_on:
            raise PriceAhead("approved_on")
        self.trigger_event(self.TakenOver, approved_on=approved_on, decided_by=decided_by)

    @command(states=Ended)
    def end(self, reason: Line) -> None:
        """End the price plan: nothing is sold at its prices from that day on."""
