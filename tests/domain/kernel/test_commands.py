"""Commands as read from the aggregates: names, bodies, references, rules."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from domain.customers.customer import Customer, ParentCycle, RegistrationNumberTaken
from domain.customers.customer_standing import CustomerClosed, CustomerMerged, SuspensionRequired
from domain.kernel.aggregate import NothingChanged, RecordClosed, RecordMerged, RuleViolation
from domain.kernel.commands import commands, every_command
from domain.kernel.time.retroactive import DatesContradict, FutureFact
from domain.kernel.types.values import EMPLOYEE_CODE, MERGED, UNIT_CODE, Lineage, Reference
from tests.bodies import IDS

TICKET = {
    "customer_id": IDS[0],
    "kind": "fault",
    "severity": "major",
    "channel": "web",
    "title": "Line down",
    "unit": "gd-gz",
}


def check(command: str, body: dict[str, Any]) -> Any:
    return commands()[command].body.model_validate_json(json.dumps(body))


def test_commands_are_named_for_their_aggregate_and_method() -> None:
    found = commands()["customer.place-under"]
    assert (found.aggregate, found.method, found.verb) == (Customer, "place_under", "place-under")
    assert not found.creates
    assert commands()["customer.register"].creates


def test_every_aggregate_has_one_command_that_creates_it() -> None:
    creating = [command.aggregate.kind for command in commands().values() if command.creates]
    assert sorted(creating) == sorted({each.aggregate.kind for each in commands().values()})


def test_every_command_is_documented_in_whole_sentences() -> None:
    for name, command in commands().items():
        assert command.doc[:1].isupper(), name
        assert command.doc.endswith("."), name


def test_the_rule_book_gives_each_name_to_one_rule() -> None:
    rules: dict[str, type[RuleViolation]] = {}
    for command in commands().values():
        for rule in command.rules:
            assert rules.setdefault(rule.rule(), rule) is rule
            assert rule.text().endswith(".")


def test_a_command_knows_the_rules_of_the_methods_it_calls() -> None:
    assert set(commands()["customer.resume"].rules) == {
        CustomerClosed,
        CustomerMerged,
        DatesContradict,
        FutureFact,
        SuspensionRequired,
    }


def test_a_command_takes_the_day_from_which_its_fact_is_true() -> None:
    dated = {name: command.dated for name, command in commands().items()}
    assert dated["customer.regrade"] == dated["opportunity.qualify"] == "effective"
    assert dated["unit.open"] == dated["team.form"] == "effective"
    assert dated["customer.register"] == "registered_on"
    assert dated["opportunity.win"] == "closed_on"
    assert dated["service-ticket.open"] == dated["service-ticket.rehome"] == "at"
    assert dated["role.revise"] is dated["employee.end-sessions"] is None
    field = commands()["customer.regrade"].body.model_json_schema()["properties"]["effective"]
    assert field["description"]


def test_what_is_named_is_asked_for_and_not_filled_in() -> None:
    for name, command in every_command().items():
        assert {*command.references, *command.nested} <= {*command.body.model_fields}, name


def test_a_command_that_refers_to_open_records_can_be_refused_for_a_closed_one() -> None:
    assert set(commands()["customer.place-under"].rules) == {
        CustomerClosed,
        CustomerMerged,
        DatesContradict,
        FutureFact,
        NothingChanged,
        ParentCycle,
        RecordClosed,
        RecordMerged,
    }
    assert RecordClosed not in commands()["campaign.link-opportunity"].rules


def test_a_creating_command_can_be_refused_for_what_another_record_holds() -> None:
    assert RegistrationNumberTaken in commands()["customer.register"].rules


def test_references_are_found_in_optional_and_repeated_parameters() -> None:
    live = Reference("customer", ended=MERGED)
    unit = Reference("unit", claim=UNIT_CODE)
    manager = Reference("employee", claim=EMPLOYEE_CODE)
    opening = commands()["service-ticket.open"].references
    assert opening == {"customer_id": live, "unit": unit}
    opening = commands()["opportunity.open"].references
    renewed = Reference("contract", live=False)
    about = {"customer_id": live, "unit": unit, "manager": manager, "renews_id": renewed}
    assert opening == about
    assert commands()["campaign.add-targets"].references == {"customer_ids": live}
    assert commands()["campaign.link-opportunity"].references == {
        "opportunity_id": Reference("opportunity", live=False)
    }


def test_what_the_system_fills_in_is_no_part_of_the_body() -> None:
    placing = commands()["customer.place-under"]
    assert placing.lineages == {"ancestors": Lineage("customer", "parent_id", "parent_id")}
    assert set(placing.body.model_fields) == {"parent_id", "effective"}


def test_a_body_comes_out_with_the_types_of_the_domain() -> None:
    body = check(
        "service-ticket.open", TICKET | {"title": " x ", "at": "2024-03-04T08:00:00+08:00"}
    )
    assert body.title == "x"
    assert body.at.isoformat() == "2024-03-04T00:00:00+00:00"
    assert str(check("opportunity.win", {"amount": "12.50"}).amount) == "12.50"


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"kind": "miracle"},
        {"kind": 1},
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "a\x00b"},
        {"title": "two\nlines"},
        {"title": None},
        {"description": "x" * 10_001},
        {"description": "bell\x07"},
        {"customer_id": "1"},
        {"customer_id": IDS[0].upper()},
        {"customer_id": None},
        {"unit": "GD"},
        {"unit": "gd\n"},
        {"at": "2024-03-04T08:00:00"},
        {"at": "2024-03-04"},
        {"at": "0001-01-01T00:00:00+08:00"},
        {"at": "9999-12-31T23:59:59-08:00"},
        {"at": 1709539200},
    ],
    ids=ascii,
)
def test_a_body_that_is_not_well_formed_is_refused_at_the_field(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        check("service-ticket.open", TICKET | change)
    assert {str(error["loc"][0]) for error in refusal.value.errors()} <= {*change}


def test_half_a_character_is_not_json() -> None:
    with pytest.raises(ValidationError, match="Invalid JSON"):
        check("service-ticket.open", TICKET | {"title": "\ud800"})


@pytest.mark.parametrize(
    "amount",
    ["-1", "NaN", "Infinity", "1.001", "1e30", "", "ten", None, True, "12345678901234567.00"],
)
def test_an_amount_is_a_plain_decimal_not_below_nothing(amount: Any) -> None:
    with pytest.raises(ValidationError):
        check("opportunity.win", {"amount": amount})


@pytest.mark.parametrize("day", ["2024-02-30", "1899-12-31", "2024-03-04T08:00:00Z", 20240304, ""])
def test_a_day_is_a_day_of_the_calendar(day: Any) -> None:
    with pytest.raises(ValidationError):
        check("customer.engage", {"effective": day})


def test_parts_of_a_value_are_checked_like_fields() -> None:
    line = {"product": "DIA", "quantity": 2, "monthly": "10.00"}
    assert check("opportunity.revise-lines", {"lines": [line]}).lines[0].months == 12
    for broken in ({"quantity": "2"}, {"quantity": 0}, {"colour": "red"}, {"monthly": "-1"}):
        with pytest.raises(ValidationError):
            check("opportunity.revise-lines", {"lines": [line | broken]})
    with pytest.raises(ValidationError):
        check("opportunity.revise-lines", {"lines": []})


def test_a_list_of_ids_has_an_end() -> None:
    with pytest.raises(ValidationError):
        check("campaign.add-targets", {"customer_ids": IDS[:1] * 10_001})
    assert len(check("campaign.add-targets", {"customer_ids": IDS[:1] * 10_000}).customer_ids)


def test_what_policies_alone_may_ask_is_no_command_for_people() -> None:
    assert "handover.complete" in every_command()
    assert "handover.complete" not in commands()
