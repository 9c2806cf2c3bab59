"""One list of what waits for somebody: theirs by name, or by what they may do; due first."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from adapters.settings import Settings
from domain.kernel.commands import commands
from domain.kernel.time.business_day import begin_of, today
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.todo_list import Source, sources
from projections.kernel.read_model import ReadModel, row_tables
from projections.kernel.visibility.visibility import Sight, View
from tests.api.asking import problem
from tests.api.conftest import KEY, serving
from tests.domain.kernel.parts.paper import papers


def day(ahead: int) -> str:
    return (today() + timedelta(days=ahead)).isoformat()


class Company:
    """A server with two sellers of one unit, their head, and what waits for each."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clients = {"admin": self.client(KEY)}
        self.position = 0
        for unit in ("gd", "js"):
            self.do("/units", code=unit, name=unit, level="province", parent="group")
        for code in ("li", "wang", "head", "far"):
            unit = "js" if code == "far" else "gd"
            self.do("/employees", code=code, name=code, unit=unit)
        for code, role, unit, reach in (
            ("li", "account-manager", "gd", "own"),
            ("wang", "account-manager", "gd", "own"),
            ("head", "everything", "gd", "unit"),
            ("far", "readers", "js", "unit"),
        ):
            every = ["*.read", "campaign.approve", "service-ticket.assign"]
            if role in ("everything", "readers"):
                some = every if role == "everything" else ["opportunity.read"]
                self.do("/roles", code=role, name=role, unit="group", permissions=some)
            self.do("/grants", employee=code, role=role, unit=unit, reach=reach)
        for code in ("li", "wang", "head", "far"):
            self.clients[code] = self.client(self.signed_in(code))
        self.customer = self.do("/customers", name="启明", unit="gd")
        self.other = self.do("/customers", name="长风", unit="gd")
        self.sales = {
            title: self.do("/opportunities", title=title, unit="gd", manager="li", **more)
            for title, more in (
                ("late", {"expected_close": day(-3), "opened_on": day(-40)}),
                ("today", {"expected_close": day(0), "customer_id": self.customer}),
                ("soon", {"expected_close": day(5), "customer_id": self.other}),
                ("some time", {"opened_on": day(-9)}),
            )
        }
        for title, manager in (("Wang's", "wang"), ("Head's", "head")):
            told = {"title": title, "manager": manager, "unit": "gd"}
            self.do("/opportunities", **told, expected_close=day(5))
        told = {"kind": "fault", "severity": "major", "channel": "web", "unit": "gd"}
        told |= {"customer_id": self.customer}
        self.tickets = [self.do("/service-tickets", title=f"T{n}", **told) for n in range(3)]
        self.do(f"/service-tickets/{self.tickets[1]}/assign", owner="li")
        self.do(f"/service-tickets/{self.tickets[2]}/assign", owner="li")
        self.do(f"/service-tickets/{self.tickets[2]}/accept")
        self.before = self.position
        self.do(f"/service-tickets/{self.tickets[2]}/wait", awaited="a key")
        plan = {"name": "Fair", "goal": "More", "kind": "care", "units": ["gd"], "budget": "1.00"}
        plan |= {"starts_on": day(5), "ends_on": day(9), "manager": "wang"}
        self.campaign = self.do("/campaigns", **plan)
        self.do(f"/campaigns/{self.campaign}/submit")

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=60)

    def signed_in(self, code: str) -> str:
        secret = {"password": "first-words-of-mine-7"}
        assert self.clients["admin"].post(f"/employees/{code}/password", json=secret).is_success
        with self.client("none") as stranger:
            first = stranger.post("/sign-in", json={"employee": code, **secret}).json()
        with self.client(first["access_token"]) as new:
            change = {"old": secret["password"], "new": "a road of my own 9"}
            token: str = new.post("/me/password", json=change).json()["access_token"]
            return token

    def do(self, path: str, **body: Any) -> str:
        answer = self.clients["admin"].post(path, json=body)
        assert answer.is_success, answer.text
        found = answer.json()
        self.position = found["position"]
        id_: str = found["id"]
        return id_

    def todos(self, who: str, headers: Any = None, **asked: Any) -> dict[str, Any]:
        params = {"min_position": self.position, **asked}
        answer = self.clients[who].get("/me/todos", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def texts(self, who: str, headers: Any = None, **asked: Any) -> list[str]:
        return [each["text"] for each in self.todos(who, headers, **asked)["items"]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder: Path = tmp_path_factory.mktemp("todos")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as url:
        company = Company(url)
        yield company
        for each in company.clients.values():
            each.close()


LI = [
    "Bring late to its close",
    "Bring today to its close",
    "Bring soon to its close",
    "Say when some time is expected to close",
    "Accept T1",
    "T2 waits for a key",
]

HEAD = ["Approve Fair, or reject it", "Bring Head's to its close", "Assign T0"]


def test_all_that_waits_for_somebody_is_one_list_due_first(company: Company) -> None:
    found = company.todos("li", count="exact")
    assert [each["text"] for each in found["items"]] == LI
    assert found["count"] == len(LI)
    late, due = found["items"][:2]
    assert late["kind"] == "opportunity"
    assert (late["id"], late["command"]) == (company.sales["late"], "opportunity.win")
    assert (late["employee"], late["unit"], late["overdue"]) == ("li", "gd", True)
    assert (due["customer_id"], due["overdue"]) == (company.customer, False)
    assert [each["due_at"] is None for each in found["items"]] == [False] * 3 + [True] * 3


def test_whoever_may_do_it_where_it_belongs_finds_what_nobody_has_by_name(
    company: Company,
) -> None:
    assert company.texts("head") == HEAD
    assert company.texts("far") == []
    assert company.texts("wang") == ["Bring Wang's to its close"]


@pytest.mark.parametrize("as_of", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize(("employee", "whole"), [("li", LI), ("head", HEAD)])
def test_pages_go_on_where_the_one_before_ended(
    company: Company, employee: str, whole: list[str], limit: int, as_of: bool
) -> None:
    asked: dict[str, Any] = {"employee": employee, "limit": limit}
    if as_of:
        asked["as_of_position"] = company.position
    found: list[str] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = company.todos("admin", **asked, **({"cursor": page["next"]} if found else {}))
        assert len(page["items"]) <= limit
        found += [each["text"] for each in page["items"]]
    assert found == whole  # what the administrator may decide besides waits for others


def test_it_is_narrowed_by_kind_customer_and_whether_it_is_overdue(company: Company) -> None:
    assert company.texts("li", overdue="true") == LI[:1]
    assert company.texts("li", overdue="false") == LI[1:]
    assert company.texts("li", kind="service-ticket") == LI[4:]
    assert company.texts("li", kind="service-ticket,opportunity", overdue="true") == LI[:1]
    of_customer = [LI[1], *LI[4:]]
    assert company.texts("li", customer_id=company.customer) == of_customer
    assert company.texts("head", employee="li", customer_id=company.customer) == of_customer


def test_it_is_told_by_days_of_the_business(company: Company) -> None:
    wait = {"title": "Line", "kind": "fault", "severity": "minor", "channel": "web", "unit": "js"}
    wait["customer_id"] = company.other
    ticket = company.do("/service-tickets", **wait)
    company.do(f"/service-tickets/{ticket}/assign", owner="far")
    company.do(f"/service-tickets/{ticket}/accept")
    first = begin_of(today() + timedelta(days=2))
    company.do(f"/service-tickets/{ticket}/wait", awaited="a key", until=first.isoformat())
    days = [each["day"] for each in company.todos("li")["items"]]
    assert days == [day(-3), day(0), day(5), None, None, None]
    assert company.texts("li", due_to=day(0)) == LI[:2]
    assert company.texts("li", due_from=day(0), due_to=day(5)) == LI[1:3]
    assert company.texts("li", due_from=day(0), overdue="true") == []
    assert company.texts("li", due_from=day(6)) == []
    (waits,) = company.todos("admin", employee="far", due_from=day(2), due_to=day(2))["items"]
    assert (waits["day"], waits["due_at"]) == (day(2), first.isoformat().replace("+00:00", "Z"))
    for other in (1, 3):
        told = company.todos("admin", employee="far", due_from=day(other), due_to=day(other))
        assert told["items"] == []


def test_names_stand_beside_its_codes_as_far_as_they_are_in_sight(company: Company) -> None:
    found = company.todos("li", expand="customer_id,unit,employee", limit=2)["items"]
    assert [each["names"] for each in found] == [
        {"customer_id": None, "unit": "gd", "employee": "li"},
        {"customer_id": None, "unit": "gd", "employee": "li"},
    ]
    (_, named) = company.todos("admin", employee="li", expand="customer_id", limit=2)["items"]
    assert named["names"] == {"customer_id": "启明"}
    assert "names" not in company.todos("li")["items"][0]


def test_a_superior_sees_what_waits_for_somebody_as_far_as_it_is_in_sight(
    company: Company,
) -> None:
    assert company.texts("head", employee="li") == LI
    for who, employee in (("far", "li"), ("head", "nobody")):
        answer = company.clients[who].get("/me/todos", params={"employee": employee})
        problem(answer, 422, "invalid-parameter")


def test_a_deputy_sees_what_waits_for_whom_they_act_for(company: Company) -> None:
    given = {"principal": "li", "deputy": "wang", "reason": "on leave"}
    given |= {"starts": f"{day(-1)}T00:00:00Z", "until": f"{day(2)}T00:00:00Z"}
    company.do("/delegations", **given)
    assert company.texts("wang", {"On-Behalf-Of": "li"}) == LI
    assert company.texts("wang") == ["Bring Wang's to its close"]


def test_it_is_as_it_was(company: Company) -> None:
    past = company.texts("li", as_of_position=company.before)
    assert past == [*LI[:5], "Resolve T2"]
    assert company.texts("li", valid_at=day(-5)) == ["Bring late to its close", LI[3]]
    found = company.todos("li", valid_at=day(-5))["items"]
    assert [each["overdue"] for each in found] == [False, False]


@pytest.mark.parametrize("format", ["csv", "xlsx", "ndjson", "parquet"])
def test_it_is_exported_by_who_may_export(company: Company, format: str) -> None:
    asked: dict[str, Any] = {"format": format, "employee": "li", "min_position": company.position}
    answer = company.clients["head"].get("/me/todos", params=asked)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["Position"]) >= company.position
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["text"] for row in rows] == LI
    if format == "parquet":
        assert pq.read_table(io.BytesIO(answer.content))["text"].to_pylist() == LI
    problem(
        company.clients["far"].get("/me/todos", params={"format": format}), 403, "not-permitted"
    )


@pytest.mark.parametrize(
    "asked",
    [
        *("kind=nothing", "sort=text", "overdue=maybe", "customer_id=x", "limit=0", "who=li"),
        *("expand=text", "expand=unit&format=csv", "kind=campaign&customer_id=x"),
        *("due_from=today", "due_from=2026-02-02&due_to=2026-02-01"),
    ],
)
def test_what_makes_no_sense_is_told(company: Company, asked: str) -> None:
    problem(company.clients["head"].get(f"/me/todos?{asked}"), 422, "invalid-parameter")


def test_a_cursor_of_another_list_is_refused(company: Company) -> None:
    cursor = company.todos("li", limit=1)["next"]
    asked = {"cursor": cursor, "overdue": "true"}
    problem(company.clients["li"].get("/me/todos", params=asked), 422, "invalid-cursor")


def test_what_waits_at_a_level_is_for_those_who_may_at_its_unit() -> None:
    with papers():
        bids = ReadModel("bids", "paper")
        source = Source(bids, bids.todos[0], Listing(bids))

    def units(*views: View) -> Any:
        told = (datetime.now(UTC), None, None, None, Sight(views))
        asked = source.question(Sight((View("g"),)), 10, *told)
        return asked and [v for each, v in asked.where if each.name == "awaits_unit"]

    gd, js = View("g", frozenset({"gd"})), View("g", frozenset({"js"}))
    assert units() is None
    assert units(gd, js, View("g", frozenset({"gz"}), frozenset({"li"}))) == [("gd", "js")]
    assert units(gd, View("g")) == []
    row_tables.remove(bids.table)


def test_each_todo_names_a_command_and_columns_that_there_are() -> None:
    for source in sources():
        assert source.todo.command in commands()
        assert source.todo.command.startswith(f"{source.model.aggregate}.")
        question(source.model, source.todo.when, sort=source.todo.order)


@pytest.mark.parametrize(
    ("path", "name", "code"),
    [
        ("/opportunities", "manager", "li"),
        ("/service-tickets", "owner", "li"),
        ("/employees", "code", "head"),
        ("/reports/pipeline", "manager", "li"),
        ("/reports/pipeline/records", "manager", "li"),
        ("/me/todos", "employee", "wang"),
    ],
)
def test_me_is_whoever_asks_where_a_filter_names_an_employee(
    company: Company, path: str, name: str, code: str
) -> None:
    of: dict[str, str] = {"currency": "CNY"} if path.endswith("/records") else {}
    for then in ("min_position", "as_of_position"):
        asked: dict[str, str] = {then: str(company.position), **of}
        mine, theirs = (
            company.clients[code].get(path, params={**asked, name: each}).raise_for_status().json()
            for each in ("me", code)
        )
        for row in (*mine.get("rows", ()), *theirs.get("rows", ())):
            del row["explain"]
        assert mine == theirs
        assert mine.get("items") or mine["rows"]
    refused = problem(
        company.clients["admin"].get(path, params={name: "me"}), 422, "invalid-parameter"
    )
    told = "A key is no employee: name one by code instead of `me`."
    assert refused["errors"] == [{"parameter": name, "detail": told}]
