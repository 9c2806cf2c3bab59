"""The organisation over HTTP: units by code, people by code, a handover from begin to return."""

import itertools
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.kernel.time.business_day import today
from tests.api.asking import problem

_numbers = itertools.count(1)


class Office:
    """A network of its own below a province of its own, with two employees."""

    def __init__(self, client: httpx.Client) -> None:
        number = next(_numbers)
        self.client = client
        self.province, self.network = f"p{number}", f"p{number}-n"
        self.people = [f"a{number}", f"b{number}"]
        self.ids = {
            self.province: self.open(self.province, "province", "group"),
            self.network: self.open(self.network, "network", self.province),
        }
        for code in self.people:
            self.post("/employees", code=code, name=f"Name of {code}", unit=self.network)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Do a command that is accepted; returns the answer."""
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def open(self, code: str, level: str, parent: str) -> str:
        """Open a unit and return its id."""
        id: str = self.post("/units", code=code, name=code, level=level, parent=parent)["id"]
        return id

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read something that is there."""
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def customer(self) -> str:
        """Register a customer of the network, managed by its first employee."""
        id: str = self.post("/customers", name=f"C {self.network}", unit=self.network)["id"]
        self.post(f"/customers/{id}/assign-manager", manager=self.people[0])
        return id

    def become(self, path: str, **expected: Any) -> dict[str, Any]:
        """Wait until a record has some values."""
        deadline = time.monotonic() + 60
        while True:
            found: dict[str, Any] = self.client.get(path).json()
            if expected.items() <= found.items():
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)


def day(ago: int) -> str:
    return f"{today() - timedelta(days=ago)}"


@pytest.fixture
def office(client: httpx.Client) -> Office:
    return Office(client)


def test_units_and_employees_are_listed_by_where_they_are(office: Office) -> None:
    position = office.post(f"/units/{office.ids[office.network]}/rename", name="广州")["position"]
    (unit,) = office.get("/units", parent=office.province, min_position=position)["items"]
    assert (unit["code"], unit["name"], unit["state"]) == (office.network, "广州", "open")
    people = office.get("/employees", unit=office.network)["items"]
    assert [each["code"] for each in people] == office.people


def test_a_code_that_nobody_has_is_refused_by_field(office: Office) -> None:
    body = {"code": "x", "name": "X", "unit": "nowhere"}
    found = problem(office.client.post("/employees", json=body), 422, "unknown-reference")
    assert found["errors"][0]["pointer"] == "/unit"
    again = {"code": office.people[0], "name": "X", "unit": office.network}
    problem(office.client.post("/employees", json=again), 409, "employee-code-taken")


def test_a_handover_goes_over_and_comes_back(office: Office) -> None:
    first, second = office.people
    customer = office.customer()
    body: dict[str, Any] = {"employee": first, "successors": [{"employee": second}]}
    handover = office.post("/handovers", **body, reason="Leave")["id"]
    row = office.become(f"/handovers/{handover}", state="done")
    assert row["moved"] == [{"kind": "customer", "id": customer, "to": second}]
    office.become(f"/customers/{customer}", manager=second)
    office.post(f"/handovers/{handover}/reverse", reason="Stays")
    office.become(f"/handovers/{handover}", state="reversed")
    office.become(f"/customers/{customer}", manager=first)


def test_what_a_merged_unit_had_goes_to_its_successor(office: Office) -> None:
    customer = office.customer()
    other = f"{office.network}-b"
    office.open(other, "network", office.province)
    office.post(f"/units/{office.ids[office.network]}/merge", into=other, reason="One city")
    office.become(f"/customers/{customer}", unit=other)
    late = {"code": f"late-{office.network}", "name": "X", "unit": office.network}
    problem(office.client.post("/employees", json=late), 409, "record-closed")


def test_a_team_has_members_from_any_unit(office: Office) -> None:
    team = office.post("/teams", name="Bank", unit=office.province)["id"]
    for code in office.people:
        office.post(f"/teams/{team}/add-member", employee=code, role="sales")
    row = office.become(f"/teams/{team}", members=dict.fromkeys(office.people, "sales"))
    assert row["state"] == "active"


def test_units_stand_below_what_they_stood_below_on_the_day(client: httpx.Client) -> None:
    office, other = Office(client), Office(client)
    unit = {"code": f"{office.network}-x", "name": "X", "level": "network"}
    opened = office.post("/units", **unit, parent=office.province, effective=day(60))
    about = {"unit": unit["code"], "registered_on": day(30)}
    before = office.post("/customers", name=f"C {office.network}", **about)["position"]
    moved = {"parent": other.province, "reason": "Reorganised", "effective": day(10)}
    told = office.post(f"/units/{opened['id']}/move", **moved)["position"]

    def below(province: str, **then: Any) -> tuple[Any, ...]:
        ask = {"min_position": told, "measures": "customers", **then}
        (row,) = office.get("/reports/customers", unit=unit["code"], by="province", **ask)["rows"]
        (found,) = office.get("/reports/customers", unit_under=province, **ask)["rows"]
        behind = client.get(found["explain"]).json()["items"]
        assert len(behind) == found["customers"]
        listed = office.get("/customers", unit_under=province, count="exact", **then)
        return row["province"], found["customers"], listed["count"]

    then: dict[str, Any]
    for then in ({"valid_at": day(11)}, {"as_of_position": before}):
        assert below(office.province, **then) == (office.province, 1, 1)
        assert below(other.province, **then) == (office.province, 0, 0)
    for then in ({"valid_at": day(10)}, {}):
        assert below(office.province, **then) == (other.province, 0, 0)
        assert below(other.province, **then) == (other.province, 1, 1)
    organised = {"as_of_position": before, "organised": "now", "measures": "customers"}
    for province, count in ((office.province, 0), (other.province, 1)):
        (found,) = office.get("/reports/customers", unit_under=province, **organised)["rows"]
        assert found["customers"] == count
