"""What a command names of customers, units and employees, the read model says how it follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from domain.kernel import commands as kernel
from domain.kernel.aggregate import Aggregate, command
from domain.kernel.commands import Command, every_command
from domain.kernel.registry import registry
from domain.kernel.types.values import CustomerId, EmployeeCode, Line, UnitCode
from projections.kernel.belonging import Belongs, InUnit, KeptBy, OfCustomer, OfMany, Stays
from projections.kernel.columns import Id, Text
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, models_by_kind, row_tables

NAMED = ("customer", "employee", "unit")


def business() -> list[Command]:
    """Return the commands of the business; those that tests make up are none."""
    return [c for c in every_command().values() if c.aggregate.__module__.startswith("domain.")]


def named(given: Command) -> Iterator[tuple[str, str]]:
    """Yield the parameters by which a command names other records, with the kind of each."""
    for parameter, reference in given.references.items():
        yield parameter, reference.kind
    for parameter, fields in given.nested.items():
        yield from ((parameter, reference.kind) for reference in fields.values())


def followed(belongs: Belongs) -> dict[str, str]:
    """Return what a read model follows, by parameter, and of what kind that is."""
    bonds = {"unit": belongs.unit, "employee": belongs.keeper, "customer": belongs.customer}
    return {
        each.lists if isinstance(each, OfMany) else each.column: kind
        for kind, each in bonds.items()
        if each is not None
    }


def undeclared(given: Iterable[Command], models: Mapping[str, ReadModel]) -> set[str]:
    """Return what commands name without a word on it by the read model of their records."""
    found = set()
    for each in given:
        kind = each.aggregate.kind
        belongs = models[kind].belongs if kind in models else Belongs()
        for parameter, of in named(each):
            told = followed(belongs).get(parameter) == of or parameter in belongs.stays
            if of in NAMED and not told:
                found.add(f"{kind}: {parameter}")
    return found


def rumours(belongs: Belongs) -> ReadModel:
    """Return a read model of rumours that nobody else finds."""
    columns = (sa.Column("customer_id", Id), sa.Column("unit", Text), sa.Column("visitor", Text))
    model = ReadModel("rumours", "rumour", *columns, belongs=belongs)
    row_tables.remove(model.table)
    return model


@pytest.fixture
def rumour() -> Iterator[type[Aggregate]]:
    """An aggregate that the house knows for one test only."""

    class Rumour(Aggregate):
        """A rumour of a customer."""

        @classmethod
        @command
        def plan(
            cls, title: Line, customer_id: CustomerId, unit: UnitCode, visitor: EmployeeCode
        ) -> Any:
            """Spread a rumour."""
            raise AssertionError("Nobody spreads it.")

    yield Rumour
    del registry.aggregates[Rumour.kind]


def test_every_customer_unit_or_employee_that_a_command_names_is_followed_or_says_why_not() -> None:
    assert undeclared(business(), models_by_kind()) == set()


def test_an_aggregate_that_declares_nothing_is_named(rumour: type[Aggregate]) -> None:
    given = list(kernel._declared(rumour))
    missing = {"rumour: customer_id", "rumour: unit", "rumour: visitor"}
    assert undeclared(given, models_by_kind()) == missing
    assert undeclared(given, {"rumour": rumours(Belongs())}) == missing
    half = Belongs(customer=OfCustomer(end="cancel"), unit=InUnit())
    assert undeclared(given, {"rumour": rumours(half)}) == {"rumour: visitor"}


def test_nothing_is_explained_that_no_command_names_or_that_is_followed() -> None:
    for kind, model in models_by_kind().items():
        mine = {p for c in business() if c.aggregate.kind == kind for p, of in named(c)}
        assert set(model.belongs.stays) <= mine, kind
        assert set(model.belongs.stays).isdisjoint(followed(model.belongs)), kind


def test_what_is_declared_are_commands_that_ask_for_no_more_than_they_are_told() -> None:
    for kind, model in models_by_kind().items():
        its, unit, keeper = (getattr(model.belongs, n) for n in ("customer", "unit", "keeper"))
        asked: list[tuple[str, str, set[str]]] = []
        if isinstance(its, OfMany):
            who = {"former_id", "merge_id"}
            asked += [(its.follow, its.column, who), (its.give_back, its.column, who)]
        if isinstance(its, OfCustomer) and isinstance(its.follow, str):
            asked += [(its.follow, its.column, {"former_id", "merge_id"})]
            asked += [(its.name, its.column, set())] if isinstance(its.name, str) else []
        if isinstance(its, OfCustomer) and isinstance(its.end, str):
            asked += [(its.end, "reason", set())]
        asked += [] if unit is None else [(unit.transfer, unit.column, {"reason"})]
        asked += [] if keeper is None else [(keeper.give, keeper.column, {"reason"})]
        for verb, wanted, more in asked:
            fields = every_command()[f"{kind}.{verb}"].body.model_fields
            required = {name for name, field in fields.items() if field.is_required()}
            assert wanted in fields, f"{kind}.{verb}"
            assert required <= {wanted, *more}, f"{kind}.{verb}"


def test_every_kind_with_a_state_says_in_which_ones_its_records_have_ended() -> None:
    for kind, model in models_by_kind().items():
        has = {"state", "status"} & set(model.table.c.keys())
        assert bool(has) == bool(model.belongs.ended), kind


def test_where_a_record_stays_the_reason_is_a_sentence() -> None:
    for model in models_by_kind().values():
        its = model.belongs.customer
        bonds = [its.follow, its.end, its.page] if isinstance(its, OfCustomer) else []
        for each in (*model.belongs.stays.values(), *bonds):
            assert not isinstance(each, Stays) or (each.why[0].isupper() and each.why[-1] == ".")


def test_a_column_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="errands has no column unit"):
        ReadModel("errands", "errand", belongs=Belongs(unit=InUnit()))


def test_what_the_parts_of_an_aggregate_say_needs_no_word() -> None:
    model = ReadModel("deals", "opportunity", belongs=Belongs(customer=OfCustomer(end="abandon")))
    row_tables.remove(model.table)
    had = {"customer_id", "unit", "manager", "team", "status"}
    assert had <= set(model.table.c.keys())
    assert (model.belongs.unit, model.belongs.keeper) == (InUnit(), KeptBy())
    assert model.belongs.ended == ("won", "lost", "abandoned")
    assert model.scope == Scope("unit", ("manager", "team"), ("customer_id", "customers"))


def test_a_column_that_is_told_stands_in_the_place_of_the_one_of_its_part() -> None:
    told = sa.Column("unit", Text, nullable=False, default="gd")
    model = ReadModel(
        "places", "opportunity", told, belongs=Belongs(customer=OfCustomer(end="abandon"))
    )
    row_tables.remove(model.table)
    assert model.blank["unit"] == "gd"


def test_who_does_not_say_what_becomes_of_a_record_whose_customer_leaves_is_told() -> None:
    with pytest.raises(ValueError, match="opportunity is of a customer: say"):
        ReadModel("bargains", "opportunity")
