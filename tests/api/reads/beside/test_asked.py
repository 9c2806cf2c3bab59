"""A list tells names beside codes, and what changed since a moment, to whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.reads.beside.names import nameable
from projections.kernel.summary import listed
from tests.api.asking import head, new_unit, problem, register, settled
from tests.api.conftest import KEY


class Business:
    """A unit with two customers and what belongs to one of them; `key` sees its sales alone."""

    def __init__(self, client: httpx.Client, key: httpx.Client) -> None:
        self.client, self.key = client, key
        self.unit = new_unit(client)
        self.manager = f"li.{uuid4().hex[:8]}"
        self.do("/employees", code=self.manager, name="李伟", unit=self.unit)
        of = {"unit": self.unit}
        self.busy = register(client, **of, name=f"启明{uuid4().hex}", industry="J")["id"]
        self.quiet = register(client, **of)["id"]
        for id_ in (self.busy, self.quiet):
            self.do(f"/customers/{id_}/assign-manager", manager=self.manager)
        role = f"sales-{uuid4().hex[:8]}"
        self.do("/roles", code=role, name="S", unit="group", permissions=["opportunity.read"])
        issued = self.do("/api-keys", name="portal", role=role, unit=self.unit, masked=["amount"])
        key.headers["Authorization"] = f"Bearer {issued['key']}"
        self.began = datetime.now(UTC).isoformat()
        self.before = head(client)
        sale = {**of, "customer_id": self.busy, "title": "Line", "manager": self.manager}
        self.sale = self.do("/opportunities", **sale, amount="5.00")["id"]
        self.do(f"/opportunities/{self.sale}/revise-amount", amount="9.00")
        told = {"kind": "fault", "severity": "major", "channel": "web", "title": "No light"}
        self.ticket = self.do("/service-tickets", **of, **told, customer_id=self.busy)["id"]
        settled(client)  # it has its terms, which a policy sets
        assert client.get(f"/service-tickets/{self.ticket}").json()["priority"]
        self.do(f"/customers/{self.busy}/regrade", grade="A", reason="grew")

    def do(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def rows(self, path: str, client: httpx.Client | None = None, **asked: Any) -> Any:
        params = {"unit": self.unit, "min_position": head(self.client), **asked}
        answer = (client or self.client).get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


@pytest.fixture(scope="module")
def business(address: str) -> Iterator[Business]:
    own = {"Authorization": f"Bearer {KEY}"}
    with (
        httpx.Client(base_url=address, headers=own, trust_env=False, timeout=30) as client,
        httpx.Client(base_url=address, trust_env=False, timeout=30) as key,
    ):
        yield Business(client, key)


def test_names_stand_beside_codes_where_they_are_asked_for(business: Business) -> None:
    asked: dict[str, Any] = {
        "expand": "manager,unit,customer_id",
        "fields": "manager,unit,customer_id",
    }
    (row,) = business.rows("/opportunities", **asked)
    (customer,) = business.rows("/customers", id=business.busy)
    names = {"manager": "李伟", "unit": business.unit, "customer_id": customer["name"]}
    assert row.pop("names") == names
    assert business.rows("/opportunities", fields=asked["fields"]) == [row]


def test_who_does_not_see_a_record_is_not_told_its_name_but_those_of_people_and_units(
    business: Business,
) -> None:
    told = {"expand": "manager,unit,customer_id"}
    (row,) = business.rows("/opportunities", business.key, **told)
    names = {"manager": "李伟", "unit": business.unit, "customer_id": None}
    assert row["names"] == names
    assert business.key.get(f"/employees?code={business.manager}").status_code == 403


def test_a_record_says_names_too_and_its_tag_is_of_all_that_it_says(business: Business) -> None:
    path = f"/customers/{business.busy}"
    plain, named = business.client.get(path), business.client.get(f"{path}?expand=industry,manager")
    names = {"industry": "Finance", "manager": "李伟"}
    assert named.json() == {**plain.json(), "names": names}
    assert named.headers["ETag"] != plain.headers["ETag"]
    assert named.headers["ETag"].partition("-")[0] == plain.headers["ETag"].partition("-")[0]


def test_each_of_several_codes_in_a_column_has_its_name(business: Business) -> None:
    plan = {"name": "Fair", "goal": "More", "kind": "care", "budget": "1.00"}
    days = {"starts_on": "2026-01-01", "ends_on": "2026-02-01"}
    business.do("/campaigns", **plan, **days, units=[business.unit], manager=business.manager)
    params: dict[str, Any] = {
        "units": business.unit,
        "expand": "units,manager",
        "min_position": head(business.client),
    }
    (row,) = business.client.get("/campaigns", params=params).json()["items"]
    assert row["names"] == {"units": {business.unit: business.unit}, "manager": "李伟"}
    path = f"/customers/{register(business.client)['id']}"
    business.do(f"{path}/add-team-member", employee=business.manager, role="sales")
    params = {"expand": "team", "min_position": head(business.client)}
    team = business.client.get(path, params=params).json()
    assert team["names"] == {"team": {business.manager: "李伟"}}


@pytest.mark.parametrize("past", [False, True])
def test_every_column_that_names_something_may_have_names_in_every_list(
    business: Business, past: bool
) -> None:
    for model in listed().values():
        params: dict[str, Any] = {"expand": ",".join(nameable(model)), "limit": 5}
        if past:
            params["as_of_position"] = head(business.client)
        answer = business.client.get(f"/{model.plural}", params=params)
        assert answer.status_code == 200, answer.text
        for row in answer.json()["items"]:
            assert row["names"].keys() == nameable(model).keys()


def test_every_list_tells_what_changed(business: Business) -> None:
    for model in listed().values():
        params = {"changes_since": "2000-01-01", "limit": "5"}
        answer = business.client.get(f"/{model.plural}", params=params)
        assert answer.status_code == 200, answer.text
        for row in answer.json()["items"]:
            assert row["changes"]["events"] >= row.get("version", 1)
            assert len(row["changes"]["latest"]) == min(row["changes"]["events"], 5)


def test_what_changed_with_each_customer_is_told_in_one_call(business: Business) -> None:
    rows = business.rows("/customers", sort="-changed_at", changes_since=business.began)
    busy, quiet = (row["changes"] for row in rows)
    assert (busy["events"], busy["records"]) == (5, 3)
    happened = [(each["kind"], each["type"], each["record"]) for each in busy["latest"]]
    sale, ticket = f"/opportunities/{business.sale}", f"/service-tickets/{business.ticket}"
    assert happened == [
        ("customer", "customer.regraded", f"/customers/{business.busy}"),
        ("service-ticket", "service-ticket.terms-set", ticket),
        ("service-ticket", "service-ticket.opened", ticket),
        ("opportunity", "opportunity.amount-revised", sale),
        ("opportunity", "opportunity.opened", sale),
    ]
    assert busy["latest"][2]["title"] == "No light"
    assert "to A" in busy["latest"][0]["sentence"]
    digest = business.client.get(busy["more"]).json()
    assert sum(each["events"] for each in digest["items"]) == busy["events"]
    more = f"/customers/{business.quiet}/digest?from_position={business.before}"
    assert quiet == {"events": 0, "records": 0, "latest": [], "more": more}


def test_pages_tell_of_their_own_rows_and_summaries_as_their_customers(business: Business) -> None:
    asked: dict[str, Any] = {"unit": business.unit, "changes_since": business.began, "limit": 1}
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        params = asked | ({"cursor": cursor} if cursor else {})
        page = business.client.get("/customers", params=params).json()
        found += [row["changes"]["events"] for row in page["items"]]
        cursor = page["next"]
    assert sorted(found) == [0, 5]
    rows = business.rows("/open-business", sort="-changed_at", changes_since=business.began)
    assert [row["changes"]["events"] for row in rows] == [5, 0]


def test_what_is_out_of_sight_or_masked_is_told_of_nobody(business: Business) -> None:
    (row,) = business.rows("/opportunities", business.key, changes_since=business.began)
    assert (row["changes"]["events"], row["changes"]["records"]) == (2, 1)
    assert [each["kind"] for each in row["changes"]["latest"]] == ["opportunity"] * 2
    assert "9.00" not in row["changes"]["latest"][0]["sentence"]
    (row,) = business.rows("/opportunities", changes_since=business.began)
    assert "9.00" in row["changes"]["latest"][0]["sentence"]


def test_no_more_than_the_last_are_told_in_words(business: Business) -> None:
    other = register(business.client, unit="group")["id"]
    for n in range(7):
        business.do(f"/customers/{other}/correct-details", short_name=f"Short {n}")
    params = {"changes_since": business.began, "id": other, "min_position": head(business.client)}
    (row,) = business.client.get("/customers", params=params).json()["items"]
    assert row["changes"]["events"] == 8
    assert ["Short 6" in each["sentence"] for each in row["changes"]["latest"]] == [
        True,
        *[False] * 4,
    ]


@pytest.mark.parametrize(
    "asked",
    [
        *("expand=name", "expand=", "expand=manager,colour", "expand=manager&fields=id"),
        *("expand=manager&format=csv", "changes_since=yesterday", "changes_since="),
        *("changes_since=2026-01-01&format=csv", "changes_since=2026-01-01&as_of=2026-01-02"),
        *("changes_since=2026-01-01&limit=101", "changes_since=2999-01-01"),
    ],
)
def test_what_cannot_be_told_beside_rows_is_refused(client: httpx.Client, asked: str) -> None:
    problem(client.get(f"/customers?{asked}"), 422, "invalid-parameter")


def test_what_changed_since_a_day_is_counted_from_its_begin(business: Business) -> None:
    tomorrow = datetime.now(UTC) + timedelta(seconds=30)
    (row,) = business.rows("/customers", id=business.busy, changes_since="2000-01-01")
    assert row["changes"]["events"] == row["version"] + 4
    late = {"changes_since": tomorrow.isoformat(), "id": business.busy}
    (row,) = business.rows("/customers", **late)
    assert row["changes"]["events"] == 0
