"""Scope: where the rows of a read model belong, so that only those see them who may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.kernel.aggregate import Aggregate
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.parts.staffed import Staffed
from projections.kernel.belonging import Belongs


@dataclass(frozen=True, slots=True)
class Scope:
    """Which columns tell the units and the owners of a row.

    `unit` has the code of its unit, or a list of such codes; `owners` have the codes of employees
    whose own record it is: one, a list, or an object by code. Whoever owns the row that another
    read model has for the id in a column owns this one, too: `through` names column and model.
    The rows of a `public` read model are seen by all who may see any. Rows that belong nowhere
    are seen by those who see everything.
    """

    unit: str | None = None
    owners: tuple[str, ...] = ()
    through: tuple[str, str] | None = None
    public: bool = False

    @classmethod
    def following(cls, aggregate: type[Aggregate], belongs: Belongs) -> Scope:
        """Return the scope of records that are seen where they belong.

        That is at their unit, by who keeps them or is in their team, and with their customer.
        """
        unit = None if belongs.unit is None else belongs.unit.column
        keeper = () if belongs.keeper is None else (belongs.keeper.column,)
        team = ("team",) if issubclass(aggregate, Staffed) else ()
        through = ("customer_id", "customers") if issubclass(aggregate, OfCustomer) else None
        return cls(unit, (*keeper, *team), through)

    @property
    def columns(self) -> set[str]:
        """The columns of the row that it goes by."""
        through = () if self.through is None else self.through[:1]
        return {*self.owners, *through, *(() if self.unit is None else (self.unit,))}

    def owned_by(self, row: Mapping[str, Any]) -> list[str]:
        """Return the codes of the employees whom the row itself names as its owners, sorted."""
        found: set[str] = set()
        for name in self.owners:
            value = row[name]
            if isinstance(value, str):
                found.add(value)
            elif value:
                found.update(value)
        return sorted(found)
