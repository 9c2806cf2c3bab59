"""Handovers: all that an employee looks after goes to successors at once, and back if need be."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, begins, command, starts
from domain.kernel.types.values import (
    EMPLOYEE_CODE,
    Code,
    CustomerId,
    EmployeeCode,
    Id,
    Kind,
    Line,
    Reference,
    UnitCode,
    Value,
    attribute,
)


class State(StrEnum):
    """How far a handover is."""

    BEGUN = "begun"
    PLANNED = "planned"
    DONE = "done"
    REVERSING = "reversing"
    REVERSED = "reversed"


class Successor(Value):
    """Who takes over the business of these customers and of these units, or all that is left."""

    employee: EmployeeCode
    units: Annotated[list[UnitCode], Field(max_length=500)] = []
    customers: Annotated[list[CustomerId], Field(max_length=10_000)] = []


class HandoverItem(Value):
    """A record that goes over, or that stayed where it was."""

    kind: Kind
    id: Id


class Move(HandoverItem):
    """A record and the employee whom it goes to."""

    to: Code


Successors = Annotated[list[Successor], Field(min_length=1, max_length=100)]
Moves = Annotated[list[Move], Field(max_length=200_000)]
Items = Annotated[list[HandoverItem], Field(max_length=200_000)]

Leaver = Annotated[Code, Reference("employee", live=False, claim=EMPLOYEE_CODE)]
"""The code of an employee, also of one who has left."""

UnitOfLeaver = Annotated[str, attribute("employee", "employee", "unit", EMPLOYEE_CODE)]


class OtherHands(RuleViolation):
    """Nobody hands over to themselves."""


class SuccessorsOverlap(RuleViolation):
    """What is handed over goes to one successor: no unit, customer or remainder goes to two."""


class HandoverPlanned(RuleViolation):
    """What goes over is settled once."""


class HandoverPlanRequired(RuleViolation):
    """A handover is completed once, after it is settled what goes over."""


class CompletionRequired(RuleViolation):
    """Only a completed handover is reversed, and only once."""


class ReversalRequired(RuleViolation):
    """Only a reversal that was asked for is completed, and only once."""


class Handover(Aggregate):
    """The customers, open opportunities and open tickets of an employee going to successors."""

    titles = {"successors": "接任者"}
    state = begins(State.BEGUN, ends=(State.REVERSED,))
    moves: list[Move] = starts(list)
    stay: list[HandoverItem] = starts(list)
    employee: str
    unit: str
    reason: str

    class Begun(Aggregate.Created, changes=("employee", "unit", "reason")):
        """{who} began to hand over what {employee} looks after, because "{reason}"."""

        employee: str
        unit: str
        successors: list[Successor]
        reason: str

    class Planned(Aggregate.Event, to=State.PLANNED, changes=("moves", "stay")):
        """{who} settled what goes over: {moves} to successors, {stay} stay."""

        moves: list[Move]
        stay: list[HandoverItem]
        reason: str

    class Completed(Aggregate.Event, to=State.DONE):
        """{who} completed the handover: {moved} went over, {kept} were kept."""

        moved: list[Move]
        kept: list[HandoverItem]

    class Reversed(Aggregate.Event, to=State.REVERSING):
        """{who} began to give back what went over ({moved}), because "{reason}"."""

        employee: str
        moved: list[Move]
        reason: str

    class ReversalCompleted(Aggregate.Event, to=State.REVERSED):
        """{who} completed the return: {returned} went back, {kept} were kept."""

        returned: list[HandoverItem]
        kept: list[HandoverItem]

    @classmethod
    @command
    def begin(
        cls, employee: Leaver, successors: Successors, reason: Line, unit: UnitOfLeaver
    ) -> Handover:
        """Hand over all customers, open opportunities and open tickets of an employee.

        A successor takes the customers named and those of the units named and all below; one who
        names neither takes what is left. Opportunities and tickets follow their customer. What
        is for no successor stays with the employee.
        """
        if any(each.employee == employee for each in successors):
            raise OtherHands("successors")
        units = [unit for each in successors for unit in each.units]
        customers = [customer for each in successors for customer in each.customers]
        rest = [each for each in successors if not each.units and not each.customers]
        if len(rest) > 1 or len({*units}) < len(units) or len({*customers}) < len(customers):
            raise SuccessorsOverlap("successors")
        return cls._create(
            cls.Begun, employee=employee, unit=unit, successors=successors, reason=reason
        )

    @property
    def owners(self) -> frozenset[str]:
        """Whose own record it is: that of the employee who hands over."""
        return frozenset({self.employee})

    @command(only=(State.BEGUN, HandoverPlanned), system=True)
    def plan(self, moves: Moves, stay: Items) -> None:
        """Settle what goes to whom and what stays; the system does it when a handover has begun."""
        self.trigger_event(self.Planned, moves=moves, stay=stay, reason=self.reason)

    @command(only=(State.PLANNED, HandoverPlanRequired), system=True)
    def complete(self, kept: Items) -> None:
        """Note that all has gone over but what was `kept`; the system does it at the end."""
        stayed = {(each.kind, each.id) for each in kept}
        moved = [each for each in self.moves if (each.kind, each.id) not in stayed]
        self.trigger_event(self.Completed, moved=moved, kept=[*self.stay, *kept])

    @applies(Completed)
    def _completed(self, moved: list[Move]) -> None:
        self.moves = moved
        self.stay = []

    @command(only=(State.DONE, CompletionRequired))
    def reverse(self, reason: Line) -> None:
        """Give everything back that is still with the successor it went to."""
        self.trigger_event(self.Reversed, employee=self.employee, moved=self.moves, reason=reason)

    @command(only=(State.REVERSING, ReversalRequired), system=True)
    def complete_reversal(self, returned: Items, kept: Items) -> None:
        """Note what has come back and what was kept; the system does it at the end."""
        self.trigger_event(self.ReversalCompleted, returned=returned, kept=kept)

    @applies(ReversalCompleted)
    def _reversal_completed(self) -> None:
        self.moves = []
