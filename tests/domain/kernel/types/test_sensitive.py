"""What is sensitive is read off the types of the events."""

import pytest

from domain.kernel.aggregate import discover
from domain.kernel.types.sensitive import SECRET, sensitive_fields, without
from domain.permissions.permission import FieldClass


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("customer.contact-added", {"phone", "email", "birthday", "preferences"}),
        ("customer.contact-corrected", {"phone", "email", "birthday", "preferences"}),
        ("customer.registered", {"annual_revenue", "it_budget"}),
        ("opportunity.lines-revised", {"amount", "monthly", "one_off"}),
        ("opportunity.won", {"amount"}),
        ("campaign.evaluated", {"cost", "cost_per_response", "won_amount", "roi"}),
        ("employee.engaged", {"phone", "email"}),
        ("api-key.issued", {"digest"}),
        ("service-ticket.opened", set()),
        ("nobody.knows", set()),
    ],
)
def test_sensitive_fields_are_found_at_any_depth(event_type: str, fields: set[str]) -> None:
    discover()
    assert sensitive_fields(event_type).keys() == fields


def test_every_class_but_the_secret_can_be_masked_by_a_grant() -> None:
    found = {of for type_ in discover().events for of in sensitive_fields(type_).values()}
    to_come = {FieldClass.ASSESSMENT}  # until a person is scored
    assert (found - {SECRET}, found & to_come) == ({*FieldClass} - to_come, set())


def test_what_a_campaign_costs_is_a_cost_and_what_it_won_an_amount() -> None:
    fields = sensitive_fields("campaign.evaluated")
    assert {name for name, of in fields.items() if of == "amount"} == {"won_amount"}
    assert sensitive_fields("campaign.planned") == {"budget": "cost"}
    assert sensitive_fields("campaign.cost-recorded") == {"amount": "cost"}


def test_what_is_masked_becomes_nothing_and_a_secret_goes_whole() -> None:
    fields = {"phone": "phone", "digest": SECRET}
    value = {"name": "Li", "phone": "1", "digest": "x", "more": [{"phone": "2"}, "phone"]}
    assert without(value, fields, frozenset()) == {
        "name": "Li",
        "phone": "1",
        "more": [{"phone": "2"}, "phone"],
    }
    hidden = without(value, fields, frozenset({"phone"}))
    assert hidden == {"name": "Li", "phone": None, "more": [{"phone": None}, "phone"]}
    assert value["phone"] == "1"
