"""Merges of customers: a duplicate goes into the customer that stays, and out again if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from domain.customers.merges.merge_outcome import Conflict, MergeOutcomeItem, decisions
from domain.customers.merges.merge_survivorship import Choice
from domain.kernel.aggregate import (
    Aggregate,
    RecordMerged,
    RuleViolation,
    applies,
    begins,
    command,
    starts,
)
from domain.kernel.types.values import MERGED, CustomerId, Line, Lineage, attribute


class State(StrEnum):
    """How far a merge is."""

    BEGUN = "begun"
    PLANNED = "planned"
    DONE = "done"
    REVERSING = "reversing"
    REVERSED = "reversed"


Items = Annotated[list[MergeOutcomeItem], Field(max_length=200_000)]
Conflicts = Annotated[list[Conflict], Field(max_length=200_000)]
Fields = Annotated[list[Choice], Field(max_length=len(Choice))]

IN_WORK = "merge-under-way"

UnitOfSurvivor = Annotated[str, attribute("customer", "survivor_id", "unit")]
UnitOfDuplicate = Annotated[str, attribute("customer", "duplicate_id", "unit")]
AboveSurvivor = Annotated[Sequence[str], Lineage("customer", "survivor_id", "parent_id")]
AboveDuplicate = Annotated[Sequence[str], Lineage("customer", "duplicate_id", "parent_id")]
Busy = Annotated[Sequence[str], Lineage("customer-merge", "duplicate_id", None, claim=IN_WORK)]
Later = Annotated[Sequence[str], Lineage("customer-merge", "survivor_id", None, claim=MERGED)]
AtSurvivor = Annotated[Sequence[Any], Lineage("customer", "survivor_id", None, take="outcome")]
AtDuplicate = Annotated[Sequence[Any], Lineage("customer", "duplicate_id", None, take="outcome")]


class OtherCustomerRequired(RuleViolation):
    """A customer is merged into another one."""


class MergeCycle(RuleViolation):
    """A customer is not merged into one below it, and takes no head office that is below itself."""


class MergedOnce(RuleViolation):
    """A customer is merged into one other customer at a time."""


class MergeUnderWay(RuleViolation):
    """A customer takes part in one merge at a time, until that is done."""


class MergePlanned(RuleViolation):
    """What follows the duplicate is settled once."""


class MergePlanRequired(RuleViolation):
    """A merge is completed once, after it is settled what follows."""


class MergeRequired(RuleViolation):
    """Only a merge that is done is undone, and only once."""


class LaterMerge(RuleViolation):
    """A merge is undone while its survivor is not merged itself: that merge is undone first."""


class UndoingRequired(RuleViolation):
    """Only an undoing that was asked for is completed, and only once."""


class CustomerMerge(Aggregate):
    """Two records of one customer made one; what the duplicate had goes to the survivor."""

    titles = {"duplicate_id": "重复客户", "survivor_id": "保留客户", "take": "采用字段"}
    state = begins(State.BEGUN, ends=(State.REVERSED,))
    items: list[MergeOutcomeItem] = starts(list)
    survivor_id: str
    duplicate_id: str
    take: list[Choice]
    reason: str

    class Begun(Aggregate.Created, changes=("survivor_id", "duplicate_id", "take", "reason")):
        """{who} began to merge {duplicate_id} into {survivor_id}, because "{reason}"."""

        survivor_id: str
        duplicate_id: str
        take: list[Choice]
        reason: str
        units: list[str]

    class Planned(Aggregate.Event, to=State.PLANNED, changes="items"):
        """{who} settled what follows the duplicate: {items}."""

        survivor_id: str
        duplicate_id: str
        take: list[Choice]
        items: list[MergeOutcomeItem]
        reason: str

    class Completed(Aggregate.Event, to=State.DONE):
        """{who} completed the merge: {moved} went over, {kept} were kept."""

        moved: list[MergeOutcomeItem]
        kept: list[MergeOutcomeItem]
        without_number: bool

    class Reversed(Aggregate.Event, to=State.REVERSING):
        """{who} began to undo the merge, because "{reason}"."""

        survivor_id: str
        duplicate_id: str
        moved: list[MergeOutcomeItem]
        reason: str

    class ReversalCompleted(Aggregate.Event, to=State.REVERSED):
        """{who} completed the undoing: {returned} came back, {kept} were kept.

        For decision: {conflicts}.
        """

        returned: list[MergeOutcomeItem]
        changed: list[MergeOutcomeItem]
        kept: list[MergeOutcomeItem]
        conflicts: list[Conflict]

    @classmethod
    @command
    def begin(
        cls,
        survivor_id: CustomerId,
        duplicate_id: CustomerId,
        reason: Line,
        unit: UnitOfSurvivor,
        other_unit: UnitOfDuplicate,
        above_survivor: AboveSurvivor,
        above_duplicate: AboveDuplicate,
        busy: Busy,
        take: Fields = [],  # noqa: B006
    ) -> CustomerMerge:
        """Merge a duplicate into the customer that stays; it can be undone.

        The survivor keeps its own values but for the fields to `take` from the duplicate.
        Contacts, purchases, team, subsidiaries, opportunities, tickets and the places among the
        targets of campaigns follow. The duplicate's id keeps answering, with the way to the
        survivor.
        """
        if survivor_id == duplicate_id:
            raise OtherCustomerRequired("duplicate_id")
        if duplicate_id in above_survivor:
            raise MergeCycle("survivor_id")
        if Choice.PARENT_ID in take and survivor_id in above_duplicate:
            raise MergeCycle("take")
        if busy:
            raise MergeUnderWay("duplicate_id")
        return cls._create(
            cls.Begun,
            survivor_id=survivor_id,
            duplicate_id=duplicate_id,
            take=list(dict.fromkeys(take)),
            reason=reason,
            units=sorted({unit, other_unit}),
        )

    @applies(Begun)
    def __init__(self, units: list[str]) -> None:
        self.places = units

    @property
    def units(self) -> frozenset[str]:
        """The units that the two customers belonged to."""
        return frozenset(self.places)

    @property
    def affected(self) -> tuple[str, ...]:
        """Both customers: who merges them, or undoes it, may do so at each."""
        return (self.survivor_id, self.duplicate_id)

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The duplicate, until it is on its own again; the survivor while there is work to do."""
        if self.retired:
            return {}
        if self.state is State.DONE:
            return {MergedOnce: self.duplicate_id}
        return {MergedOnce: self.duplicate_id, MergeUnderWay: self.survivor_id}

    def closing(self, field: str) -> RuleViolation:
        """Return why the duplicate is not named in a new record."""
        return RecordMerged(field, self.survivor_id)

    @command(only=(State.BEGUN, MergePlanned), system=True)
    def plan(self, items: Items) -> None:
        """Settle which records follow the duplicate."""
        self.trigger_event(
            self.Planned,
            survivor_id=self.survivor_id,
            duplicate_id=self.duplicate_id,
            take=self.take,
            items=items,
            reason=self.reason,
        )

    @command(only=(State.PLANNED, MergePlanRequired), system=True)
    def complete(self, kept: Items, without_number: bool = False) -> None:
        """Note that all has gone over but what was `kept`."""
        stayed = {each.id for each in kept}
        moved = [each for each in self.items if each.id not in stayed]
        self.trigger_event(self.Completed, moved=moved, kept=kept, without_number=without_number)

    @applies(Completed)
    def _completed(self, moved: list[MergeOutcomeItem]) -> None:
        self.items = moved

    @command(only=(State.DONE, MergeRequired))
    def reverse(self, reason: Line, later: Later) -> None:
        """Undo the merge: all returns that nobody moved meanwhile; what was changed since stays.

        What is left to decide is listed in the merge, with the command that decides it.
        """
        if later:
            raise LaterMerge
        self.trigger_event(
            self.Reversed,
            survivor_id=self.survivor_id,
            duplicate_id=self.duplicate_id,
            moved=self.items,
            reason=reason,
        )

    @command(only=(State.REVERSING, UndoingRequired), system=True)
    def complete_reversal(
        self,
        returned: Items,
        changed: Items,
        kept: Items,
        conflicts: Conflicts,
        at_survivor: AtSurvivor,
        at_duplicate: AtDuplicate,
    ) -> None:
        """Note what came back and what was kept."""
        self.trigger_event(
            self.ReversalCompleted,
            returned=returned,
            changed=changed,
            kept=kept,
            conflicts=decisions(self.id, at_survivor[0], at_duplicate[0], conflicts),
        )

    @applies(ReversalCompleted)
    def _reversal_completed(self) -> None:
        self.items = []
