"""Contacts: a person is found by what is known of them, by those who may see that, and no other."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.kernel.aggregate import new_id
from tests.api.asking import problem
from tests.api.customers.test_customer_merges import until


class People:
    """Customers with persons on a server, found through `GET /contacts`."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.position = 0

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        self.position = found.get("position", self.position)
        return found

    def customer(self, name: str, unit: str = "group") -> str:
        return str(self.post("/customers", name=name, unit=unit)["id"])

    def person(self, customer: str, **known: Any) -> str:
        id_ = new_id()
        self.post(f"/customers/{customer}/add-contact", contact_id=id_, **known)
        return id_

    def ask(self, by: Any = None, **asked: Any) -> dict[str, Any]:
        params = {"min_position": self.position, **asked}
        answer = (by or self.client).get("/contacts", params=params)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ids(self, by: Any = None, **asked: Any) -> list[str]:
        return [each["id"] for each in self.ask(by, **asked)["items"]]

    def reader(self, unit: str = "group", **more: Any) -> httpx.Client:
        role = new_id()
        self.post("/roles", code=role, name="Reader", unit="group", permissions=["customer.read"])
        issued = self.post("/api-keys", name=new_id(), role=role, unit=unit, **more)
        headers = {"Authorization": f"Bearer {issued['key']}"}
        return httpx.Client(base_url=self.client.base_url, headers=headers, trust_env=False)


@pytest.fixture
def people(client: httpx.Client) -> People:
    return People(client)


def test_a_person_is_found_by_a_number_in_any_usual_form_an_address_and_a_name(
    people: People,
) -> None:
    of = people.customer("Any Form")
    known = {"name": "欧阳修远", "phone": "+86 20 8765 4321 x77", "email": "Ou.Yang@Example.com"}
    person = people.person(of, **known, influence=4)
    other = people.person(of, name="Zoë Müller-Lund", phone="138 1234 9876")
    item = people.ask(phone=known["phone"])["items"]
    assert [{k: v for k, v in each.items() if v is not None} for each in item] == [
        {
            "id": person,
            "customer_id": of,
            "customer_name": "Any Form",
            "unit": "group",
            **known,
            "influence": 4,
        }
    ]
    for form in (
        *("020-87654321", "（０２０）８７６５ ４３２１", "0086 20 8765 4321", "+86(0)20-8765-4321"),
        *("02087654321转77", "tel:+862087654321", "020 8765 4321 ext. 77", "86 20 8765 4321"),
    ):
        assert people.ids(phone=form) == [person], form
    for form in ("+86 138-1234-9876", "１３８１２３４９８７６", "8613812349876"):
        assert people.ids(phone=form) == [other], form
    assert people.ids(email="ou.yang@EXAMPLE.com") == [person]
    for name in ("欧阳修远", "修远", "歐陽 修遠"):
        assert people.ids(q=name, customer=of) == [person], name
    assert people.ids(q="muller zoe") == [other]
    assert people.ids(q="阳修", phone="02087654321", email="ou.yang@example.com") == [person]
    none = ("02087654321x78", "8765 4321", "+49 20 8765 4321", "13812349875")
    assert [people.ids(phone=each) for each in none] == [[]] * 4
    assert people.ids(q="zoe", email="ou.yang@example.com") == people.ids(q="mulle") == []


def test_birthdays_are_found_over_the_end_of_the_year_in_their_order(people: People) -> None:
    of = people.customer("Birthdays")
    days = ("1980-01-02", "1975-12-27", "1988-12-28", "1991-12-31", "1990-01-04", "1984-02-29")
    persons = [people.person(of, name=f"Born {day}", birthday=day) for day in days]
    told = [persons[2], persons[3], persons[0]]
    week = {"customer": of, "birthday_from": "12-28", "birthday_to": "01-03"}
    assert people.ids(**week) == told
    assert people.ids(**week, sort="-birthday") == told[::-1]
    dated = {"birthday_from": "2026-12-28", "birthday_to": "2027-01-03"}
    assert people.ids(customer=of, **dated) == told
    assert people.ids(customer=of, birthday_from="12-27") == [persons[1]]
    assert people.ids(customer=of, birthday_from="02-28", birthday_to="03-01") == [persons[5]]
    year = {"birthday_from": "2026-12-28", "birthday_to": "2028-01-03"}
    assert len(people.ids(customer=of, **year)) == len(persons)


def test_birthdays_are_asked_for_of_the_customers_of_one_manager(people: People) -> None:
    li, former = f"li.{new_id()[-8:]}", f"former.{new_id()[-8:]}"
    people.post("/employees", code=li, name=li, unit="group")
    mine, other = people.customer("Of Li"), people.customer("Of nobody")
    people.post(f"/customers/{mine}/assign-manager", manager=li)
    born = [people.person(of, name="Born", birthday="1980-09-09") for of in (mine, other)]
    assert {*born} <= {*people.ids(birthday_from="09-09")}
    assert people.ids(birthday_from="09-09", manager=li) == born[:1]
    assert people.ids(birthday_from="09-10", manager=li) == []
    assert people.ids(manager=li) == born[:1]
    assert people.ids(customer=other, manager=li) == []
    with people.reader() as reader:  # who sees no employee, but a customer of theirs
        assert people.ids(reader, manager=li, birthday_from="09-09") == born[:1]
        (item,) = people.ask(reader, manager=li, expand="manager,unit")["items"]
        assert item["names"] == {"manager": li, "unit": "集团"}
        for nobody in (former, "me"):
            problem(reader.get("/contacts", params={"manager": nobody}), 422, "invalid-parameter")


def test_pages_go_on_behind_a_person_with_the_fields_that_are_asked_for(people: People) -> None:
    number, ids = "+86 139 7001 0001", dict[str, str]()
    for name in ("Page B", "Page A", "Page C"):
        ids[name] = people.person(people.customer(name), name="Same", phone=number)
    ids["Page C twice"] = people.person(people.customer("Page C"), name="Same", phone=number)
    for sort, begin in (("customer_name", "Page A"), ("-customer_name", "Page C")):
        found: list[str] = []
        asked = {"phone": number, "sort": sort, "limit": 1, "fields": "id,customer_name"}
        page = people.ask(**asked, count="exact")
        assert (page["count"], page["items"][0]["customer_name"]) == (4, begin)
        assert page["items"][0].keys() == {"id", "customer_name"}
        while True:
            found += [each["id"] for each in page["items"]]
            if page["next"] is None:
                break
            page = people.ask(**asked, cursor=page["next"])
        assert sorted(found) == sorted(ids.values())


def test_what_was_corrected_or_removed_finds_nobody_and_a_merge_takes_persons_along(
    people: People,
) -> None:
    one, other = people.customer("Merging One"), people.customer("Merging Other")
    person = people.person(other, name="Old Name", phone="137 0000 1001")
    people.post(f"/customers/{other}/correct-contact", contact_id=person, phone="137 0000 1002")
    gone = people.person(one, name="Gone Soon", phone="137 0000 1002")
    people.post(f"/customers/{one}/remove-contact", contact_id=gone)
    assert people.ids(phone="13700001001") == []
    assert people.ids(phone="13700001002") == [person]
    merge = people.post(
        "/customer-merges", survivor_id=one, duplicate_id=other, reason="Same", take=[]
    )["id"]
    until(people.client, merge, "done")
    assert [each["customer_id"] for each in people.ask(phone="13700001002")["items"]] == [one]
    refused = people.client.get("/contacts", params={"customer": other})
    assert one in problem(refused, 422, "invalid-parameter")["detail"]
    people.post(f"/customer-merges/{merge}/reverse", reason="Not the same")
    until(people.client, merge, "reversed")
    assert [each["customer_id"] for each in people.ask(phone="13700001002")["items"]] == [other]


def test_nobody_is_found_by_what_is_masked_or_at_a_customer_out_of_sight(people: People) -> None:
    unit = new_id()
    people.post("/units", code=unit, name="Apart", level="province", parent="group")
    known = {"phone": "137 0000 2001", "email": "seen@example.com", "birthday": "1980-06-07"}
    apart = people.person(people.customer("Apart", unit), name="Seen Apart", **known)
    person = people.person(people.customer("Seen"), name="Seen Above", **known)
    asked: dict[str, dict[str, str]] = {
        "phone": {"phone": "13700002001"},
        "email": {"email": "seen@example.com"},
        "birthday": {"birthday_from": "06-07", "email": "seen@example.com"},
    }
    with people.reader() as everywhere, people.reader(unit) as within:
        for each in asked.values():
            assert sorted(people.ids(everywhere, **each)) == sorted([person, apart])
            assert people.ids(within, **each) == [apart]
        assert people.ids(within, q="seen above") == []
    for class_, each in asked.items():
        with people.reader(masked=[class_]) as masked:
            assert people.ids(masked, q="seen above") == [person]
            (item,) = people.ask(masked, q="seen above")["items"]
            assert (item[class_], item["masked"]) == (None, [class_])
            problem(masked.get("/contacts", params=each), 403, "field-masked")
    with people.reader(unit, masked=["phone"]) as partly:
        problem(partly.get("/contacts", params=asked["phone"]), 403, "field-masked")


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({}, "q"),
        ({"phone": "no number"}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"q": "李"}, "q"),
        ({"q": "…"}, "q"),
        ({"customer": "nobody"}, "customer"),
        ({"manager": "ghost"}, "manager"),
        ({"birthday_from": "13-01"}, "birthday_from"),
        ({"birthday_from": "2026-02-29"}, "birthday_from"),
        ({"birthday_to": "12-01"}, "birthday_to"),
        ({"birthday_from": "12-01", "birthday_to": "2026-12-02"}, "birthday_to"),
        ({"birthday_from": "2026-12-02", "birthday_to": "2026-12-01"}, "birthday_to"),
        ({"phone": "13700002001", "expand": "name"}, "expand"),
        ({"phone": "13700002001", "expand": "unit", "fields": "id"}, "expand"),
        ({"phone": "13700002001", "sort": "birthday"}, "sort"),
        ({"phone": "13700002001", "sort": "name"}, "sort"),
        ({"phone": "13700002001", "fields": "id,secret"}, "fields"),
        ({"phone": "13700002001", "as_of": "2026-01-01"}, "as_of"),
    ],
)
def test_what_is_no_question_is_refused_by_its_parameter(
    client: httpx.Client, asked: dict[str, str], parameter: str
) -> None:
    answer = client.get("/contacts", params=asked)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["parameter"] == parameter


def test_the_log_of_operations_has_digests_of_what_was_asked_and_who_was_told_of(
    people: People,
) -> None:
    of = people.customer("Looked Up")
    people.person(of, name="Looked Up Person", phone="137 0000 3001", email="up@example.com")
    asked = {"phone": "137-0000-3001", "email": "up@example.com", "q": "Looked Up Person"}
    people.ids(**asked)
    log = people.client.get("/operations", params={"command": "customer.contacts"}).json()
    entry = log["items"][0]
    assert (entry["targets"], entry["rows"]) == (of, 1)
    for name, words in asked.items():
        assert f"{name}=~" in entry["query"]
        assert words not in entry["query"]
        assert words.split()[0] not in entry["query"]
