"""Merging: a customer that turned out to be another one goes into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from domain.customers.customer_contacts import ContactDetails
from domain.customers.customer_requirements import Requirement
from domain.customers.customer_standing import State
from domain.customers.customer_team import TeamRole
from domain.customers.merges.customer_unmerging import AbsorbedOnce, IntoOneCustomer, Parting
from domain.customers.merges.merge_survivorship import (
    PARENT,
    Absorption,
    Bought,
    Choice,
    Chosen,
    Estate,
    changes,
    of_requirement,
    told,
)
from domain.kernel.aggregate import Aggregate, RecordMerged, RuleViolation, applies, command
from domain.kernel.types.values import Id, Line, Lineage, attribute

Left = Annotated[Estate, attribute("customer", "duplicate_id", "estate")]
AboveDuplicate = Annotated[Sequence[str], Lineage("customer", "duplicate_id", "parent_id")]


class Merging(Parting):
    """How a customer goes into another one, or takes one in."""

    class MergedInto(Aggregate.Event, to=State.MERGED):
        """{who} merged the customer into {survivor_id}, because "{reason}"."""

        merge_id: str
        survivor_id: str
        reason: str

    class Absorbed(Chosen, Aggregate.Event):
        """{who} merged {duplicate_id} into the customer, because "{reason}"."""

        merge_id: str
        duplicate_id: str
        reason: str
        cleared: tuple[str, ...]
        contacts: dict[str, ContactDetails] | None
        purchases: list[Bought]
        team: dict[str, TeamRole]
        offered: list[tuple[str, ...]]
        requirements: dict[str, Requirement] | None = None

        def apply(self, aggregate: Any) -> None:
            """Take the duplicate in."""
            aggregate.take_in(self)

    @property
    def estate(self) -> Estate:
        """What the customer leaves to the one that it is merged into."""
        return Estate(self.fields, self.left, self.purchases, self.requirements, self.team)

    def closing(self, field: str) -> RuleViolation:
        """Return why the customer is not named in a new record."""
        if self.merged_into is not None:
            return RecordMerged(field, self.merged_into)
        return super().closing(field)  # type: ignore[misc,no-any-return]

    @command(system=True)
    def merge_into(self, survivor_id: Id, merge_id: Id, reason: Line) -> None:
        """Let the customer go into another one, open or not."""
        if self.merged_into is not None:
            raise IntoOneCustomer
        self.trigger_event(
            self.MergedInto, merge_id=merge_id, survivor_id=survivor_id, reason=reason
        )

    @applies(MergedInto)
    def _merged_into(self, merge_id: str, survivor_id: str) -> None:
        self.merge_id, self.merged_into = merge_id, survivor_id
        self.before_merge = self.state
        self.left, self.contacts = self.contacts, {}
        self.former_contacts.update(self.left)

    @command(system=True)
    def absorb(
        self,
        duplicate_id: Id,
        merge_id: Id,
        reason: Line,
        take: list[Choice],
        estate: Left,
        above: AboveDuplicate,
    ) -> None:
        """Take a duplicate in: what was chosen of it, its people, purchases, wishes, team."""
        if merge_id in self.absorbed:
            raise AbsorbedOnce
        own = self.fields
        values = {each.value: estate.fields[each.value] for each in take}
        values = {name: value for name, value in values.items() if value != own[name]}
        if self.id in above:  # the customer would come to be above itself
            values.pop(PARENT, None)
        self.trigger_event(
            self.Absorbed,
            merge_id=merge_id,
            duplicate_id=duplicate_id,
            reason=reason,
            **changes(values),
            contacts={key: ContactDetails(**each) for key, each in estate.contacts.items()},
            purchases=[
                Bought(competitor=key[0], product=key[1], **told(each))
                for key, each in estate.purchases.items()
                if key not in self.purchases
            ],
            team={who: role for who, role in estate.team.items() if who not in self.team},
            offered=[
                *estate.purchases,
                *((who,) for who in estate.team),
                *map(of_requirement, estate.requirements),
            ],
            requirements={
                code: Requirement(**each)
                for code, each in estate.requirements.items()
                if code not in self.requirements
            },
        )

    def take_in(self, fact: Any) -> None:
        """Apply that a duplicate came in."""
        before = self.fields
        self._choose(fact)
        came = Absorption.of(fact, before, self.fields)
        self.absorbed[fact.merge_id] = came
        self.contacts = self.contacts | came.contacts
        self.purchases = self.purchases | came.purchases
        self.requirements = self.requirements | came.requirements
        self.team = self.team | came.team
