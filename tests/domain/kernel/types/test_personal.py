"""What is personal is read off the types of the events, with whom it tells of."""

import dataclasses
from typing import Annotated, Any

import pytest

from domain.customers.customer_contacts import ContactDetails
from domain.kernel.aggregate import discover
from domain.kernel.codec import codec
from domain.kernel.types.personal import Each, erasures, personal_fields, through
from domain.kernel.types.personal import _within as within
from domain.kernel.types.values import Personal

OF_CONTACT = {"name", "title", "phone", "email", "birthday", "preferences"}


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("customer.contact-added", OF_CONTACT),
        ("customer.contact-corrected", OF_CONTACT),
        ("customer.registered", set()),
        ("service-ticket.opened", {"contact"}),
        ("employee.engaged", set()),
        ("nobody.knows", set()),
    ],
)
def test_personal_fields_are_those_of_people_outside_the_staff(
    event_type: str, fields: set[str]
) -> None:
    assert personal_fields(event_type).keys() == fields


def test_each_event_that_erases_names_whom() -> None:
    assert erasures() == {
        "customer.contact-erased": "contact_id",
        "service-ticket.contact-erased": "person",
    }


def test_every_event_with_personal_fields_can_be_read_without_them() -> None:
    for type_, event_class in discover().events.items():
        for name in personal_fields(type_):
            assert codec(event_class).adapter.validate_python({name: None}) == {name: None}


def test_parts_are_found_in_lists_and_under_the_ids_of_persons() -> None:
    @dataclasses.dataclass
    class Visitor:
        id: str
        name: Annotated[str | None, Personal("id")]
        phones: list[Annotated[str, Personal("id")]]

    shape = within({"guests": list[Visitor], "known": dict[str, ContactDetails], "at": str})
    assert shape["known"] == Each(dict.fromkeys(OF_CONTACT, Personal("contact_id")))
    value: dict[str, Any] = {
        "guests": [{"id": "a", "name": "Li", "phones": ["1", "2"]}],
        "known": {"b": {"name": "Wu", "influence": 3, "phone": None}},
        "at": "noon",
    }
    told = through(value, shape, "own", lambda *each: "/".join(each))
    assert told == {
        "guests": [{"id": "a", "name": "a/name/Li", "phones": ["a/phones/1", "a/phones/2"]}],
        "known": {"b": {"name": "b/name/Wu", "influence": 3, "phone": None}},
        "at": "noon",
    }
    assert value["guests"][0]["name"] == "Li"


def test_what_nobody_knows_by_an_id_belongs_to_the_record() -> None:
    shape = {"contact": Personal()}
    assert through({"contact": "Li"}, shape, "own", lambda *each: each) == {
        "contact": ("own", "contact", "Li")
    }


def test_what_is_not_of_the_form_declared_stays_as_it_is() -> None:
    shape = {"guests": Each({"name": Personal("id")})}
    for odd in ({"guests": 7}, {"guests": ["Li"]}, ["Li"], "Li"):
        assert through(odd, shape, "own", lambda *_: "sealed") == odd
