"""Statistics over HTTP: measures of several reports in one question, explained, as files."""

import csv
import io
from datetime import date
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from domain.kernel.time.business_day import today
from tests.api.asking import new_unit, problem, register


def month() -> str:
    """Return the month that runs."""
    return f"{today():%Y-%m}"


class Account:
    """Customers of a unit of their own, with sales and tickets."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.unit = client, new_unit(client)
        self.position = 0

    def customer(self, won: list[str], lost: int, tickets: int) -> str:
        id_: str = register(self.client, unit=self.unit)["id"]
        about = {"customer_id": id_, "unit": self.unit, "title": "Lines"}
        for amount in [*won, *[""] * lost]:
            sale = self.post("/opportunities", **about, amount=amount or "1.00")["id"]
            end = {"amount": amount} if amount else {"reason": "price"}
            self.post(f"/opportunities/{sale}/{'win' if amount else 'lose'}", **end)
        ticket = {"kind": "fault", "severity": "major", "channel": "hotline"}
        for _ in range(tickets):
            self.post("/service-tickets", **about, **ticket)
        return id_

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        self.position = answer.json()["position"]
        return answer.json()

    def ask(self, path: str = "/statistics", **asked: Any) -> httpx.Response:
        told: dict[str, Any] = {"unit": self.unit, "min_position": self.position}
        return self.client.get(path, params=told | asked)


@pytest.fixture
def account(client: httpx.Client) -> Account:
    return Account(client)


def test_measures_of_several_reports_are_told_in_one_answer_each_with_its_records(
    account: Account,
) -> None:
    one = account.customer(["20000.00"] * 3, lost=0, tickets=2)
    two = account.customer([], lost=1, tickets=1)
    asked = {"measures": "sales.won_amount,tickets", "by": "customer", "sort": "-tickets"}
    found = account.ask(**asked).json()
    assert found["columns"] == [
        *("customer", "customer_name", "currency", "sales.won_amount", "tickets")
    ]
    told = [(row["customer"], row["sales.won_amount"], row["tickets"]) for row in found["rows"]]
    assert told == [(one, "60000.00", 2), (two, "0.00", 1)]
    for report, number in (("sales", 3), ("tickets", 2)):
        link = found["rows"][0]["explain"][report]
        behind = account.client.get(link).raise_for_status().json()
        assert len(behind["items"]) == number, link
    file = account.ask("/statistics/export", **asked)
    assert file.headers["position"] == str(found["position"])
    lines = [*csv.reader(io.StringIO(file.text))]
    assert lines[0] == found["columns"]
    assert [line[3:] for line in lines[1:]] == [["60000.00", "2"], ["0.00", "1"]]
    book = account.ask("/statistics/export", **asked, format="xlsx").content
    (sheet,) = load_workbook(io.BytesIO(book)).worksheets
    assert [*next(sheet.values)] == found["columns"]
    parquet = account.ask("/statistics/export", **asked, format="parquet").content
    assert pq.read_table(io.BytesIO(parquet)).column("tickets").to_pylist() == [2, 1]


def test_totals_are_computed_whatever_is_shown_of_the_rows(account: Account) -> None:
    customers = [account.customer(["5.00"], 0, 1), account.customer(["7.00"], 3, 2)]
    asked = {"measures": "win_rate,tickets,sales.won", "by": "customer,month", "totals": "1"}
    found = account.ask(**asked, limit=1, sort="-tickets", having="tickets>1").json()
    rates = {customers[0]: (1.0, 1), customers[1]: (0.25, 2)}
    of = [(row["total_over"], row.get("customer"), row["tickets"]) for row in found["rows"]]
    assert of[0] == (None, customers[1], 2)
    assert {(over, who) for over, who, _ in of[1:]} == {
        *(("month", each) for each in customers),
        ("customer,month", None),
    }
    for row in found["rows"]:
        rate = rates.get(row["customer"], (0.4, 3))
        assert (row["win_rate"], row["tickets"]) == rate
        assert account.client.get(row["explain"]["sales"]).status_code == 200
    text = account.ask("/statistics/export", **asked).text
    assert len(text.splitlines()) == 1 + 2 + 2 + 1


def test_figures_are_beside_what_they_were_before_and_as_they_were_known(
    account: Account,
) -> None:
    account.customer(["5.00"], 0, 1)
    then = account.position
    account.customer(["7.00"], 0, 2)
    asked = {"measures": "tickets,sales.won", "by": "month", "month": month(), "fill": "1"}
    found = account.ask(**asked, compare=f"previous,known:{then}").json()
    (row,) = found["rows"]
    assert (row["tickets"], row["tickets_known"], row["tickets_known_share"]) == (3, 1, 2.0)
    assert (row["sales.won_previous"], row["sales.won_known_change"]) == (0, 1)
    behind = account.client.get(row["explain_known"]["tickets"]).raise_for_status().json()
    assert len(behind["items"]) == 1
    assert found["late_entries"].startswith(f"/late-entries?since={then}&")
    (past,) = account.ask(**asked, as_of_position=then).json()["rows"]
    assert (past["tickets"], past["sales.won"]) == (1, 1)


def test_customers_active_at_the_ends_of_months_are_those_of_then(account: Account) -> None:
    def begun(name: str, *steps: tuple[str, str]) -> str:
        about = {"unit": account.unit, "registered_on": "2026-01-02"}
        id_: str = register(account.client, name=f"{name} of {account.unit}", **about)["id"]
        for step, day in steps:
            more = {"reason": "price"} if step == "lapse" else {}
            account.post(f"/customers/{id_}/{step}", effective=day, **more)
        return id_

    begun("X", ("activate", "2026-01-10"))
    begun("Y", ("activate", "2026-02-01"), ("lapse", "2026-03-20"))
    late = begun("W")
    begun("Z", ("activate", "2026-03-31"))
    then = account.position
    asked = {"measures": "active_customers", "by": "month", "from": "2026-01-01"}
    found = account.ask(**asked, to="2026-03-31").json()
    assert [row["active_customers"] for row in found["rows"]] == [1, 2, 2]
    assert "partial" not in found
    account.post(f"/customers/{late}/activate", effective="2026-03-15")
    found = account.ask(**asked, to="2026-03-31", compare=f"known:{then}").json()
    assert [row["active_customers"] for row in found["rows"]] == [1, 2, 3]
    assert [row["active_customers_known"] for row in found["rows"]] == [1, 2, 2]
    entries = account.client.get(f"{found['late_entries']}&aggregate=customer").json()
    assert [each["stream"] for each in entries["items"]] == [late]
    behind = account.client.get(found["rows"][2]["explain"]["customer-base"]).json()
    given = [each["contributions"]["active"] for each in behind["items"]]
    assert sum(given) == 3, behind
    running = account.ask(**asked, to="2026-03-30").json()
    assert [row["active_customers"] for row in running["rows"]] == [1, 2, 2]
    assert running["partial"] == ["2026-03"]
    whole = account.ask(measures="active_customers,customers.customers", by="year").json()
    assert [row["active_customers"] for row in whole["rows"]] == [3]
    assert whole["partial"] == [str(today().year)] or today() == date(today().year, 12, 31)


@pytest.mark.parametrize(
    ("parameter", "asked"),
    [
        ("measures", {}),
        ("measures", {"measures": "weather"}),
        ("measures", {"measures": ",".join(["tickets"] + [f"m{n}" for n in range(12)])}),
        ("by", {"by": "severity"}),
        ("by", {"by": "a,b,c,d,e,f,g"}),
        ("severity", {"severity": "minor"}),
        ("colour", {"colour": "red"}),
        ("unit", {"unit": "nowhere"}),
        ("from", {"from": "2026-02-30"}),
        ("to", {"from": "2026-02-01", "to": "2026-01-01"}),
        ("compare", {"compare": "target"}),
        ("compare", {"compare": "previous"}),
        ("having", {"having": "won>1"}),
        ("sort", {"sort": "colour"}),
        ("limit", {"limit": "100001"}),
        ("fill", {"fill": "1"}),
        ("for", {"for": "excel"}),
    ],
)
def test_what_statistics_do_not_know_is_named(
    client: httpx.Client, parameter: str, asked: dict[str, str]
) -> None:
    given = {"measures": "tickets,sales.won"} if parameter != "measures" else {}
    found = problem(client.get("/statistics", params=given | asked), 422, "invalid-parameter")
    assert parameter in {error["parameter"] for error in found["errors"]}


def test_a_period_that_has_none_running_is_compared_as_it_is(account: Account) -> None:
    account.customer([], 0, 1)
    asked = {"measures": "tickets", "month": "2020-02", "compare": "previous"}
    plain, cut = account.ask(**asked).json(), account.ask(**asked, to_date="1").json()
    assert [row["tickets"] for row in plain["rows"]] == [row["tickets"] for row in cut["rows"]]


def test_who_has_how_much_is_told_with_the_records_and_what_each_is_made_of(
    account: Account,
) -> None:
    customers = [account.customer([each], 0, 0) for each in ("8000.00", "1500.00", "500.00")]
    asked = {"measures": "sales.won_amount", "from": "2000-01-01"}
    found = account.ask("/analyses/concentration", **asked).json()
    (row,) = found["rows"]
    assert (row["records"], row["total"], row["top_share"]) == (3, "10000.00", 0.8)
    records = account.ask("/analyses/concentration/records", **asked).json()
    assert [each["customer"] for each in records["rows"]] == customers
    assert [each["cumulated"] for each in records["rows"]] == [0.8, 0.95, 1.0]
    behind = account.client.get(records["rows"][1]["explain"]).raise_for_status().json()
    assert behind["figures"][0]["figure"] == "1500.00"
    assert records["columns"] == [key for key in records["rows"][0] if key != "explain"]
    for path in ("concentration", "concentration/records", "deciles", "trend"):
        file = account.ask(f"/analyses/{path}/export", **asked)
        assert len(file.text.splitlines()) > 1, path
    told = {"measures": "sales.won", "month": month(), "compare": "previous"}
    moves = account.ask("/analyses/decile-moves", **told).json()["rows"]
    assert [each["decile_before"] for each in moves] == [*range(1, 11), None]
    assert sum(moves[-1].get(f"to_{n}") for n in range(1, 11)) == 3
    names = [each["name"] for each in account.client.get("/analyses").json()["items"]]
    assert names == ["concentration", "deciles", "decile-moves", "trend"]
    assert account.ask("/analyses/concentration").json()["because"]  # nothing was billed
    nothing = account.ask("/analyses/deciles", **asked, to="2000-01-31").json()
    assert (nothing["rows"], "nothing" in nothing["because"]) == ([], True)


@pytest.mark.parametrize(
    ("parameter", "path"),
    [
        ("measures", "concentration?measures="),
        ("measures", "concentration?measures=win_rate"),
        ("measures", "deciles?measures=active_customers"),
        ("by", "deciles?measures=sales.won&by=month"),
        ("severity", "deciles?measures=sales.won&severity=minor"),
        ("compare", "deciles?measures=sales.won&compare=previous"),
        ("compare", "decile-moves?measures=sales.won"),
        ("to", "trend?measures=sales.won&from=2026-02-01&to=2026-01-01"),
        ("horizon", "trend?measures=sales.won&horizon=25"),
    ],
)
def test_what_is_not_analysed_is_named(client: httpx.Client, parameter: str, path: str) -> None:
    found = problem(client.get(f"/analyses/{path}"), 422, "invalid-parameter")
    assert parameter in {error["parameter"] for error in found["errors"]}
