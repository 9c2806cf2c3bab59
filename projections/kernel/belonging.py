"""Belonging: the customer, the unit and the employee that a record goes with, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Aggregate
from domain.kernel.parts import in_unit, managed, of_customer, staffed


@dataclass(frozen=True, slots=True)
class Stays:
    """Why a record stays as it is where others follow, in a business user's words."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCustomer:
    """The one customer of a record, whose id is in a `column`.

    The record goes by the command `follow` where a merge or its undoing brings the customer;
    people give it to another customer by the command `name`, if they may, ended records too when
    `in_any_state`. By the command `end` it ends while it is open and the customer lapses or its
    file is closed. Open ones are on the customer's `page`, with some columns `shown` beside those
    by which any kind is known. By the filters that it `finds` by, of the list of the records,
    customers are found that have such a record, or none.
    """

    column: str = "customer_id"
    follow: str | Stays = "follow-customer"
    name: str | Stays = "name-customer"
    in_any_state: bool = False
    end: str | Stays
    page: Stays | None = None
    shown: tuple[str, ...] = ()
    finds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMany:
    """Customers of a record, too many for its row, which has their number in a column, `count`.

    The events that `add` and `remove` have the ids in a field, `lists`, as have the commands that
    name them; those that `replace` have one in place of another. By the command `follow` the
    survivor of a merge stands in the place of the duplicate, by `give_back` the duplicate in its
    own again: both take the `column`, the customer that stays.
    """

    column: str = "customer_id"
    lists: str = "customer_ids"
    count: str
    adds: tuple[str, ...]
    removes: tuple[str, ...]
    replaces: tuple[str, ...]
    follow: str
    give_back: str


@dataclass(frozen=True, slots=True)
class InUnit:
    """The unit of a record, in a `column`: while open it goes to a successor by `transfer`."""

    column: str = "unit"
    transfer: str = "transfer"


@dataclass(frozen=True, slots=True)
class KeptBy:
    """The employee who keeps a record, in a `column`: while open it is handed over by `give`."""

    column: str = "manager"
    give: str = "assign-manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongs:
    """What a record belongs to, and in which states it has `ended`.

    What is not told follows from what its aggregate declares: the unit and the keeper from its
    Parts, the ends from its states. The policies on merges of customers, ended units, handovers
    and lapsed customers go by it. `stays` says of each other parameter by which a command names a
    customer, a unit or an employee why the record follows none of them.
    """

    customer: OfCustomer | OfMany | None = None
    unit: InUnit | None = None
    keeper: KeptBy | None = None
    ended: tuple[str, ...] = ()
    stays: Mapping[str, Stays] = field(default_factory=dict)

    def completed(self, aggregate: type[Aggregate]) -> Belongs:
        """Return it with what follows from what an aggregate declares.

        Raises `ValueError` where the aggregate is of a customer, and what becomes of its records
        when that leaves is not told.
        """
        if issubclass(aggregate, of_customer.OfCustomer) and self.customer is None:
            raise ValueError(
                f"{aggregate.kind} is of a customer: say Belongs(customer=OfCustomer(end=…))"
            )
        states, stays = aggregate.states, self.stays
        every = states.ends if states and isinstance(states.first, Enum) else ()
        if issubclass(aggregate, staffed.Staffed):
            stays = {"employee": Stays("Who is in a team is said one by one."), **stays}
        is_kept, is_in = (issubclass(aggregate, p) for p in (managed.Managed, in_unit.InUnit))
        return replace(
            self,
            unit=self.unit or (InUnit() if is_in else None),
            keeper=self.keeper or (KeptBy() if is_kept else None),
            ended=self.ended or tuple(str(each.value) for each in every),
            stays=stays,
        )

    @property
    def columns(self) -> set[str]:
        """The columns of the row that it goes by."""
        found = {each.column for each in (self.unit, self.keeper) if each is not None}
        if isinstance(self.customer, OfMany):
            return found | {self.customer.count}
        return found if self.customer is None else found | {self.customer.column}

    def open(self, table: sa.FromClause) -> sa.ColumnElement[bool]:
        """Return the condition that a record has not ended."""
        if not self.ended:
            return sa.true()
        state: sa.ColumnElement[Any] = table.c["status" if "status" in table.c else "state"]
        return state.not_in(self.ended)

    def has_ended(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the record of a row has ended."""
        return row.get("status", row.get("state")) in self.ended
