"""The outreach of a campaign: its targets, who was contacted how, and who responded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    MovedMeanwhile,
    NothingChanged,
    RuleViolation,
    applies,
    command,
    starts,
)
from domain.kernel.types.values import CustomerId, Id, Line, Prose
from domain.marketing.campaign_course import LAUNCHED, RUNNING, CampaignCourse, Status


class ContactChannel(StrEnum):
    """How a target is contacted."""

    PHONE = "phone"
    VISIT = "visit"
    EMAIL = "email"
    MESSAGE = "message"
    MAIL = "mail"
    EVENT = "event"


class ContactOutcome(StrEnum):
    """What came of a contact."""

    REACHED = "reached"
    NOT_REACHED = "not-reached"
    CALL_BACK = "call-back"
    REFUSED = "refused"


class ResponseKind(StrEnum):
    """What a target did in response."""

    INQUIRY = "inquiry"
    INTEREST = "interest"
    MEETING = "meeting"
    ORDER = "order"
    REFUSAL = "refusal"


CustomerIds = Annotated[list[CustomerId], Field(min_length=1, max_length=10_000)]
"""The ids of many customers at once, none of them closed."""

Ids = Annotated[list[Id], Field(min_length=1, max_length=10_000)]
"""The ids of many targets at once."""


class CampaignClosed(RuleViolation):
    """The targets of a closed campaign stand."""


class TargetRequired(RuleViolation):
    """Only a target of the campaign is contacted, responds, or is removed from the targets."""


class TargetContacted(RuleViolation):
    """A customer that was contacted or responded stays a target."""


BEFORE_CLOSE = (*(each for each in Status if each is not Status.CLOSED), CampaignClosed)


class Outreach(CampaignCourse):
    """Whom the campaign addresses."""

    class TargetsAdded(Aggregate.Event):
        """{who} added {customer_ids} to the targets."""

        customer_ids: list[str]
        on: date | None = None

    class TargetsRemoved(Aggregate.Event):
        """{who} removed {customer_ids} from the targets[, because "{reason}"]."""

        customer_ids: list[str]
        reason: str | None = None
        on: date | None = None

    class ContactRecorded(Aggregate.Event):
        """{who} contacted {customer_id} by {channel}: {outcome}[, "{note}"]."""

        customer_id: str
        channel: ContactChannel
        outcome: ContactOutcome
        note: str | None = None
        on: date | None = None
        first: bool = True  # contact with this target

    class ResponseRecorded(Aggregate.Event):
        """{who} recorded a response of {customer_id}: {kind}[, "{note}"]."""

        customer_id: str
        kind: ResponseKind
        note: str | None = None
        on: date | None = None
        first: bool = True  # response of this target

    class TargetReplaced(Aggregate.Event):
        """{who} put {customer_id} in the place of {former_id}, which was merged into it.

        `targets`, `contacted` and `responded` say by how many their numbers change.
        """

        customer_id: str
        former_id: str
        merge_id: str
        targets: int
        contacted: int
        responded: int

    class TargetReturned(Aggregate.Event):
        """{who} put {former_id} in its own place again, for its merge with {customer_id} is undone.

        `targets`, `contacted` and `responded` say by how many their numbers change.
        """

        customer_id: str
        former_id: str
        merge_id: str
        targets: int
        contacted: int
        responded: int

    contacted: set[str] = starts(set)
    responded: set[str] = starts(set)
    replaced: dict[str, str] = starts(dict)

    def standing_for(self, customers: set[str]) -> set[str]:
        """Return who stands for these customers now: each itself, or whom it was merged into."""
        return {self._stands(each) for each in customers} if self.replaced else customers

    def _stands(self, customer_id: str) -> str:
        while customer_id in self.replaced:
            customer_id = self.replaced[customer_id]
        return customer_id

    @property
    def counts(self) -> Mapping[str, int]:
        """How many customers are targets, were contacted, and responded."""
        every = {"targets": self.targets, "contacted": self.contacted, "responded": self.responded}
        return {name: self._standing(each) for name, each in every.items()}

    def _standing(self, customers: set[str]) -> int:
        """Return how many stand for these customers, by looking at those alone who are replaced."""
        gone = [each for each in self.replaced if each in customers]
        return len(customers) - len(gone) + len({self._stands(each) for each in gone} - customers)

    def _changed(self, replaced: dict[str, str]) -> dict[str, int]:
        """Return by how many the numbers change when these customers are replaced."""
        known, before = self.replaced, self.counts
        self.replaced = replaced
        after = self.counts
        self.replaced = known
        return {name: after[name] - before[name] for name in after}

    def _require_target(self, customer_id: str) -> None:
        if customer_id not in self.standing_for(self.targets):
            raise TargetRequired("customer_id")

    @command(system=True)
    def replace_target(self, customer_id: Id, former_id: Id, merge_id: Id) -> None:
        """Put a customer in the place of one that is merged into it, also when all is over."""
        if former_id not in self.standing_for(self.targets):
            raise TargetRequired("former_id")
        if former_id == self._stands(customer_id):
            raise MovedMeanwhile
        changes = self._changed(self.replaced | {former_id: customer_id})
        self.trigger_event(
            self.TargetReplaced,
            customer_id=customer_id,
            former_id=former_id,
            merge_id=merge_id,
            **changes,
        )

    @applies(TargetReplaced)
    def _target_replaced(self, customer_id: str, former_id: str) -> None:
        self.replaced = self.replaced | {former_id: customer_id}

    @command(system=True)
    def return_target(self, customer_id: Id, former_id: Id, merge_id: Id) -> None:
        """Put a customer in its own place again when its merge is undone."""
        if self.replaced.get(former_id) != customer_id:
            raise MovedMeanwhile
        changes = self._changed({k: v for k, v in self.replaced.items() if k != former_id})
        self.trigger_event(
            self.TargetReturned,
            customer_id=customer_id,
            former_id=former_id,
            merge_id=merge_id,
            **changes,
        )

    @applies(TargetReturned)
    def _target_returned(self, former_id: str) -> None:
        self.replaced = {k: v for k, v in self.replaced.items() if k != former_id}

    @command(only=BEFORE_CLOSE)
    def add_targets(self, customer_ids: CustomerIds) -> None:
        """Add customers to the targets, up to 10,000 at once; those that are targets stay so."""
        known = self.standing_for(self.targets)
        new = [each for each in dict.fromkeys(customer_ids) if each not in known]
        if not new:
            raise NothingChanged("customer_ids")
        self.trigger_event(self.TargetsAdded, customer_ids=new)

    @applies(TargetsAdded)
    def _targets_added(self, customer_ids: list[str]) -> None:
        self.targets.update(customer_ids)

    @command(only=BEFORE_CLOSE)
    def remove_targets(self, customer_ids: Ids, reason: Line | None = None) -> None:
        """Remove customers from the targets, as long as they were not contacted."""
        ids = set(customer_ids)
        if not ids <= self.standing_for(self.targets):
            raise TargetRequired("customer_ids")
        if ids & self.now.standing_for(self.now.contacted | self.now.responded):
            raise TargetContacted("customer_ids")
        self.trigger_event(
            self.TargetsRemoved, customer_ids=list(dict.fromkeys(customer_ids)), reason=reason
        )

    @applies(TargetsRemoved)
    def _targets_removed(self, customer_ids: list[str]) -> None:
        gone = {each for each in self.targets if self._stands(each) in customer_ids}
        self.targets -= gone

    @command(only=RUNNING)
    def record_contact(
        self,
        customer_id: Id,
        channel: ContactChannel,
        outcome: ContactOutcome,
        note: Prose | None = None,
    ) -> None:
        """Record that a target was contacted, how, and what came of it."""
        self._require_target(customer_id)
        self.trigger_event(
            self.ContactRecorded,
            customer_id=customer_id,
            channel=channel,
            outcome=outcome,
            note=note,
            first=customer_id not in self.now.standing_for(self.now.contacted),
        )

    @applies(ContactRecorded)
    def _contact_recorded(self, customer_id: str) -> None:
        self.contacted.add(customer_id)
        self.targets.add(customer_id)

    @command(only=LAUNCHED)
    def record_response(
        self,
        customer_id: Id,
        kind: ResponseKind,
        note: Prose | None = None,
    ) -> None:
        """Record that a target responded, contacted by us or not."""
        self._require_target(customer_id)
        self.trigger_event(
            self.ResponseRecorded,
            customer_id=customer_id,
            kind=kind,
            note=note,
            first=customer_id not in self.now.standing_for(self.now.responded),
        )

    @applies(ResponseRecorded)
    def _response_recorded(self, customer_id: str) -> None:
        self.responded.add(customer_id)
        self.targets.add(customer_id)
