"""Every kind follows as it declares: merged customers, ended units, those who leave, lapses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.refusals import RuleBroken
from adapters.warehouse.warehouse import Warehouse
from domain.kernel.commands import Command, every_command
from projections.customers.customer_digest import Hierarchy
from projections.kernel.belonging import KeptBy, OfCustomer, OfMany, Stays
from projections.kernel.read_model import ReadModel, models_by_kind
from streams.followers.load_warehouse import JournalLoading
from tests.adapters.keyring import keys_in
from tests.bodies import beginning, named_by
from tests.streams.flow import until, working
from tests.streams.organised import SINCE, Company

PLACES = {"unit": ["gd-gz-bank"], "employee": ["e1"]}
"""What is named unless something else is asked for."""


class Everything(Company):
    """A company that makes records of every kind, as the golden histories of the kinds begin."""

    def make(self, kind: str, **named: Any) -> str:
        """Return a new record that names what is given, where its command takes it."""
        (command,) = (c for c in _commands(kind) if c.creates)
        customer = [self.customer("Somebody")]
        whose = named.get("customer_id")
        if whose is not None and not {"customer_id", "customer_ids"} & _body(command):
            number = f"ZH-{whose}"  # it goes with an account of the customer
            with suppress(RuleBroken):  # there is one
                self.make("billing-account", customer_id=whose, account_number=number)
            named["account_number"] = number

        def make(creating: Command, **given: Any) -> str:
            return self.make(creating.aggregate.kind, **given)

        named |= named_by(command, make, whose or customer[0])
        return self.do(command.name, **beginning(command, PLACES | {"customer": customer}, **named))

    def customer(self, name: str) -> str:  # type: ignore[override]
        """Return a new customer."""
        return self.do("customer.register", name=name, unit="gd-gz", registered_on=SINCE)

    def kept(self, kind: str, by: KeptBy) -> str:
        """Return a new record that `e1` keeps, by whichever command says so first."""
        id_ = self.make(kind, **{by.column: "e1"})
        for each in _commands(kind):
            if by.column in each.references and not each.creates:
                asked = {by.column: "e1", "reason": "x"}
                with suppress(RuleBroken):
                    self.do(each.name, id_, **{n: v for n, v in asked.items() if n in _body(each)})
        return id_


def _commands(kind: str) -> list[Command]:
    return [each for each in every_command().values() if each.aggregate.kind == kind]


def _body(command: Command) -> set[str]:
    return set(command.body.model_fields)


def _models() -> dict[str, ReadModel]:
    return dict(models_by_kind())


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[Everything]:
    company = Everything(database_url)
    company.journal.keys = keys_in(tmp_path)
    company.make("working-calendar", code="cn-office")
    yield company
    company.close()


def test_whatever_names_a_customer_goes_with_it_when_merged_and_back_when_undone(
    company: Everything,
) -> None:
    survivor, duplicate = company.customer("Acme"), company.customer("ACME")
    made: dict[str, tuple[str, str]] = {}
    for name, each in every_command().items():
        kind = each.aggregate.kind
        its = _models()[kind].belongs.customer if kind in _models() else None
        if its is None or isinstance(its.follow, Stays):
            continue
        for parameter, reference in each.references.items():
            if reference.kind == "customer":
                named = {parameter: [duplicate] if isinstance(its, OfMany) else duplicate}
                id_ = company.make(kind, **(named if each.creates else {}))
                if not each.creates:
                    why = {"reason": "x"} if "reason" in _body(each) else {}
                    company.do(name, id_, **named, **why)
                made[f"{name} {parameter}"] = (kind, id_)
    assert len(made) >= 6

    def where() -> dict[str, str]:
        return {name: _customer(company, *record) for name, record in made.items()}

    merging = {"survivor_id": survivor, "duplicate_id": duplicate, "reason": "One company"}
    with company.reacting():
        merge = company.do("customer-merge.begin", **merging)
    assert where() == dict.fromkeys(made, survivor)
    assert company.row("customer_merges", merge)["kept"] == []
    with company.reacting():
        company.do("customer-merge.reverse", merge, reason="Two after all")
    assert where() == dict.fromkeys(made, duplicate)
    assert company.row("customer_merges", merge)["conflicts"] == []


def _customer(company: Company, kind: str, id: str) -> str:
    """Return the customer of a record: of many, the one that was last put in a place."""
    model = models_by_kind()[kind]
    if isinstance(its := model.belongs.customer, OfMany):
        last = company.journal.history(id)[-1]
        return str(last.data["customer_id" if last.type in its.replaces else "former_id"])
    assert its is not None
    return str(company.row(model.name, id)[its.column])


def test_whatever_is_in_a_unit_goes_to_its_successor(company: Everything) -> None:
    moved = {k: each.belongs.unit for k, each in _models().items() if each.belongs.unit is not None}
    assert len(moved) >= 3
    made = {kind: company.make(kind) for kind in moved}
    with company.reacting():
        company.do("unit.close", company.units["gd-gz-bank"], reason="Given up")
    rows = {kind: company.row(_models()[kind].name, id_) for kind, id_ in made.items()}
    assert {k: rows[k][its.column] for k, its in moved.items()} == dict.fromkeys(made, "gd-gz")


def test_whatever_somebody_keeps_is_handed_over_and_given_back(company: Everything) -> None:
    kept = {k: m.belongs.keeper for k, m in _models().items() if m.belongs.keeper is not None}
    assert len(kept) >= 3
    made = {kind: company.kept(kind, by) for kind, by in kept.items()}

    def keepers() -> dict[str, str]:
        rows = {kind: company.row(_models()[kind].name, id_) for kind, id_ in made.items()}
        return {kind: rows[kind][by.column] for kind, by in kept.items()}

    with company.reacting():
        pass
    assert keepers() == dict.fromkeys(made, "e1")
    with company.reacting():
        successors = [{"employee": "e2"}]
        handover = company.do(
            "handover.begin", employee="e1", successors=successors, reason="Leaves"
        )
    assert keepers() == dict.fromkeys(made, "e2")
    assert company.row("handovers", handover)["kept"] == []
    with company.reacting():
        company.do("handover.reverse", handover, reason="Stays")
    assert keepers() == dict.fromkeys(made, "e1")


@pytest.mark.parametrize("end", ["close", "lapse"])
def test_what_a_customer_has_open_ends_with_it_or_stays_as_it_declares(
    company: Everything, end: str
) -> None:
    customer = company.customer("Acme")
    bonds = {k: m.belongs.customer for k, m in _models().items()}
    its = {kind: each for kind, each in bonds.items() if isinstance(each, OfCustomer)}
    assert {isinstance(each.end, str) for each in its.values()} == {True, False}
    made = {kind: company.make(kind, **{each.column: customer}) for kind, each in its.items()}
    with company.reacting():
        company.do("customer.activate", customer)
        company.do(
            f"customer.{end}", customer, reason="bankrupt" if end == "close" else "relocation"
        )
    ended = {
        kind: _models()[kind].belongs.has_ended(company.row(_models()[kind].name, id_))
        for kind, id_ in made.items()
    }
    assert ended == {kind: isinstance(each.end, str) for kind, each in its.items()}


def test_whatever_a_customer_has_is_in_its_digest(company: Everything, tmp_path: Path) -> None:
    customer = company.customer("Acme")
    since = company.journal.head().position
    made: dict[str, str] = {}
    for kind, model in _models().items():
        its = model.belongs.customer
        if isinstance(its, OfCustomer):
            made[kind] = company.make(kind, **{its.column: customer})
        elif isinstance(its, OfMany):
            made[kind] = company.make(kind)
            (add,) = (c for c in _commands(kind) if its.lists in c.references)
            company.do(add.name, made[kind], **{its.lists: [customer]})
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    with working(JournalLoading(company.journal, warehouse).work):
        head = company.journal.head().position
        until(lambda: warehouse.position() == head)
        with warehouse.reader() as cursor:
            touched = list(Hierarchy(cursor, customer, since, head).touched())
    warehouse.close()
    assert {each.kind for each in touched} == made.keys()
    assert made.items() <= {(each.kind, each.id) for each in touched}
