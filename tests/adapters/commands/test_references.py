"""Records are named by the codes that they claim, also across commits and processes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Executor
from adapters.commands.references import attribute, lineage
from adapters.refusals import RuleBroken, UnknownReference
from domain.kernel.types.values import Lineage
from domain.kernel.types.values import attribute as filled
from tests.adapters.commands.test_executor import call, refused, started_bare, stop


@pytest.fixture
def executor(journal_url: str) -> Iterator[Executor]:
    executor = started_bare(journal_url)
    yield executor
    stop(executor)


def opened(executor: Executor, code: str, level: str, parent: str | None = None) -> str:
    """Open a unit and return its id."""
    body: dict[str, Any] = {"code": code, "name": code, "level": level, "parent": parent}
    return executor.execute(call("unit.open", **body)).id


@pytest.fixture
def units(executor: Executor) -> dict[str, str]:
    """Return the ids of a group, two provinces and a network by code."""
    tree = [("group", "group", None), ("gd", "province", "group"), ("gx", "province", "group")]
    tree.append(("gd-gz", "network", "gd"))
    return {code: opened(executor, code, level, parent) for code, level, parent in tree}


def broken(executor: Executor, rule: str, command: str, id: str | None, **body: Any) -> None:
    """Check that a command is refused by a rule."""
    refusal = refused(executor, RuleBroken, call(command, id, **body))
    assert refusal.name == rule


def test_a_code_that_nobody_claims_is_an_unknown_reference(executor: Executor) -> None:
    wish = call("unit.open", code="gd", name="GD", level="province", parent="nowhere")
    refusal = refused(executor, UnknownReference, wish)
    assert refusal.errors == [{"pointer": "/parent", "detail": "There is no unit nowhere."}]


def test_a_code_is_claimed_for_ever(executor: Executor, units: dict[str, str]) -> None:
    executor.execute(call("unit.close", units["gd-gz"], reason="Given up"))
    again = {"code": "gd-gz", "name": "x", "level": "network", "parent": "gd"}
    broken(executor, "unit-code-taken", "unit.open", None, **again)
    executor.execute(call("employee.engage", code="li.wei", name="李伟", unit="gd"))
    broken(
        executor, "employee-code-taken", "employee.engage", None, code="li.wei", name="x", unit="gd"
    )


def test_there_is_one_group(executor: Executor, units: dict[str, str]) -> None:
    broken(executor, "root-taken", "unit.open", None, code="second", name="x", level="group")


def test_nothing_is_attached_to_a_unit_that_ended(
    executor: Executor, units: dict[str, str]
) -> None:
    executor.execute(call("unit.merge", units["gd-gz"], into="gx", reason="x"))
    broken(executor, "record-closed", "employee.engage", None, code="e1", name="x", unit="gd-gz")


def test_levels_and_cycles_are_checked_along_the_tree(
    executor: Executor, units: dict[str, str]
) -> None:
    network = {"code": "n", "name": "n", "level": "network", "parent": "group"}
    broken(executor, "level-misfit", "unit.open", None, **network)
    executor.execute(call("unit.move", units["gd-gz"], parent="gx", reason="x"))
    opened(executor, "t", "team", "gd-gz")
    broken(executor, "unit-cycle", "unit.close", units["gd-gz"], successor="t", reason="x")


def test_what_is_below_an_ended_unit_is_below_its_successor(
    executor: Executor, units: dict[str, str]
) -> None:
    team = opened(executor, "t", "team", "gd")
    other = opened(executor, "u", "team", "gd-gz")
    executor.execute(call("unit.merge", team, into="u", reason="x"))
    executor.execute(call("unit.merge", units["gd"], into="gx", reason="x"))
    broken(executor, "unit-cycle", "unit.merge", units["gx"], into="u", reason="x")
    executor.execute(call("unit.close", other, reason="x"))


def test_a_list_of_values_names_records_by_field(executor: Executor, units: dict[str, str]) -> None:
    executor.execute(call("employee.engage", code="e1", name="x", unit="gd"))
    unknown = [{"employee": "e1", "units": ["gd"]}, {"employee": "e2", "units": ["gd", "xx"]}]
    wish = call("handover.begin", employee="e1", successors=unknown[1:], reason="x")
    assert (
        refused(executor, UnknownReference, wish).errors[0]["pointer"] == "/successors/0/employee"
    )
    unknown[1]["employee"] = "e1"
    wish = call("handover.begin", employee="e1", successors=unknown, reason="x")
    assert refused(executor, UnknownReference, wish).errors[0]["pointer"] == "/successors/1/units/1"


def test_a_code_claimed_by_a_refused_command_is_free(
    executor: Executor, units: dict[str, str]
) -> None:
    broken(executor, "root-taken", "unit.open", None, code="second", name="x", level="group")
    opened(executor, "second", "province", "group")


def test_a_code_claimed_elsewhere_is_known_here_at_once(
    journal_url: str, executor: Executor, units: dict[str, str]
) -> None:
    there = started_bare(journal_url)
    executor.execute(call("employee.engage", code="e1", name="x", unit="gd"))
    team = there.execute(call("team.form", name="t", unit="gd")).id
    there.execute(call("team.add-member", team, employee="e1", role="lead"))
    leaving = there.execute(call("employee.engage", code="e2", name="x", unit="gd")).id
    executor.execute(call("team.add-member", team, employee="e2", role="x"))
    there.execute(call("employee.leave", leaving, reason="x"))
    broken(executor, "record-closed", "team.add-member", team, employee="e2", role="y")
    stop(there)


def test_codes_in_use_cost_no_query(executor: Executor, units: dict[str, str]) -> None:
    executor.execute(call("employee.engage", code="e1", name="x", unit="gd"))
    executor.execute(call("employee.engage", code="e2", name="x", unit="gd"))
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "FROM claims" in statement:
            asked.append(statement)

    sa.event.listen(executor.journal.engine, "before_cursor_execute", note)
    executor.execute(call("team.form", name="t", unit="gd"))
    assert asked == []


def test_a_rehearsal_knows_the_codes_it_has_given(
    executor: Executor, units: dict[str, str]
) -> None:
    with Rehearsal(executor.journal) as rehearsal:
        rehearsal.submit(call("employee.engage", code="e1", name="x", unit="gd")).result()
        team = rehearsal.submit(call("team.form", name="t", unit="gd")).result().id
        rehearsal.submit(call("team.add-member", team, employee="e1", role="x")).result()
    wish = call("employee.engage", code="e1", name="x", unit="gd")
    executor.execute(wish)


def test_a_lineage_that_leads_back_to_itself_ends() -> None:
    with_parent = [SimpleNamespace(id="a", up="b"), SimpleNamespace(id="b", up="a")]
    records = {each.id: each for each in with_parent}
    transaction: Any = SimpleNamespace(load=records.get)
    assert lineage(transaction, Lineage("customer", "up", "up"), "a") == ("a", "b")


def test_an_attribute_of_a_named_record_is_filled_in_or_nothing_where_there_is_none() -> None:
    bank = SimpleNamespace(id="a", kind="customer", category="strategic")
    transaction: Any = SimpleNamespace(load={"a": bank}.get)
    mark = filled("customer", "customer_id", "category")
    assert mark == Lineage("customer", "customer_id", None, take="category", one=True)
    assert attribute(transaction, mark, "a") == "strategic"
    assert attribute(transaction, mark, "b") is attribute(transaction, mark, None) is None
    other = filled("employee", "customer_id", "category")
    assert attribute(transaction, other, "a") is None

    def then(record: Any) -> Any:
        return SimpleNamespace(**{**vars(record), "category": "important"})

    assert attribute(transaction, mark, "a", then) == "important"
