"""Reports over HTTP: figures by any dimensions, in three formats, as of now or the past."""

import csv
import io
from datetime import UTC, datetime

import httpx
import pyarrow.parquet as pq
import pytest

from domain.kernel.time.business_day import today
from tests.api.asking import new_unit, problem, register


def test_the_reports_are_listed_with_what_can_be_asked_of_them(client: httpx.Client) -> None:
    found = {each["name"]: each for each in client.get("/reports").json()["items"]}
    assert {"customers", "pipeline", "tickets", "campaigns"} <= found.keys()
    for report in found.values():
        assert report["dimensions"]
        assert all(measure["definition"] for measure in report["measures"])
        assert client.get(f"/reports/{report['name']}").status_code == 200


def test_measures_and_dimensions_of_all_reports_are_listed(client: httpx.Client) -> None:
    measures = {each["name"]: each for each in client.get("/measures").json()["items"]}
    rate = measures["sales.win_rate"]
    assert (rate["zh"], rate["kind"], rate["unit"], rate["better"]) == (
        "赢单率",
        "ratio",
        "share",
        "up",
    )
    assert (rate["measure"], rate["reports"]) == ("win_rate", ["sales"])
    assert rate["formula"] == "round(won / nullif(ended, 0), 4)"
    assert {"unit", "month", "product"} <= {*rate["dimensions"]}
    assert measures["tickets"]["measure"] == "opened"
    dimensions = client.get("/dimensions").json()["items"]
    (unit,) = (each for each in dimensions if each["name"] == "unit")
    assert {"sales", "tickets", "campaigns"} <= {*unit["reports"]}
    assert (unit["records"], unit["zh"]) == ("units", "单位")
    kinds = [each["reports"] for each in dimensions if each["name"] == "kind"]
    assert ["campaigns"] in kinds
    assert ["tickets"] in kinds


def test_figures_are_grouped_filtered_and_given_as_they_were(client: httpx.Client) -> None:
    unit = new_unit(client)
    register(client, unit=unit, grade="A")
    id = register(client, unit=unit, grade="B")["id"]
    then = datetime.now(UTC).isoformat()
    answer = client.post(f"/customers/{id}/regrade", json={"grade": "A", "reason": "it grew"})
    ask = {"by": "grade", "unit": unit, "measures": "customers"}
    ask |= {"min_position": answer.json()["position"]}
    found = client.get("/reports/customers", params=ask).json()
    assert [(row["grade"], row["customers"]) for row in found["rows"]] == [("A", 2)]
    assert found["position"] >= ask["min_position"]
    found = client.get("/reports/customers", params=ask | {"as_of": then}).json()
    assert [(row["grade"], row["customers"]) for row in found["rows"]] == [("A", 1), ("B", 1)]
    below = {"unit_under": unit, "measures": "customers"}
    assert client.get("/reports/customers", params=below).json()["rows"][0]["customers"] == 2


def test_the_formats_hold_the_same_figures(client: httpx.Client) -> None:
    unit = new_unit(client)
    position = register(client, unit=unit, grade="A", annual_revenue="12.50")["position"]
    ask = {"by": "grade", "unit": unit, "min_position": str(position)}
    rows = client.get("/reports/customers", params=ask).json()["rows"]
    text = client.get("/reports/customers", params=ask | {"format": "csv"})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert text.headers["position"]
    [line] = csv.DictReader(io.StringIO(text.text))
    assert (line["grade"], line["annual_revenue"]) == ("A", "12.50")
    file = client.get("/reports/customers", params=ask | {"format": "parquet"})
    table = pq.read_table(io.BytesIO(file.content)).to_pylist()
    assert [row["grade"] for row in table] == [row["grade"] for row in rows] == ["A"]
    assert str(table[0]["annual_revenue"]) == rows[0]["annual_revenue"] == "12.50"


def test_the_top_come_first_each_with_what_is_behind_it(client: httpx.Client) -> None:
    units = [new_unit(client) for _ in range(3)]
    for unit, number in zip(units, (1, 3, 2), strict=True):
        for _ in range(number):
            position = register(client, unit=unit)["position"]
    ask = {"by": "unit", "measures": "customers", "unit": ",".join(units), "top": "2"}
    found = client.get("/reports/customers", params=ask | {"min_position": position}).json()["rows"]
    assert [(row["unit"], row["customers"]) for row in found] == [(units[1], 3), (units[2], 2)]
    behind = client.get(found[0]["explain"])
    assert behind.status_code == 200, behind.text
    assert len(behind.json()["items"]) == 3
    file = client.get("/reports/customers/export", params=ask).text
    assert [line.split(",")[0] for line in file.splitlines()] == ["unit", units[1], units[2]]


def test_more_rows_than_an_answer_holds_are_refused_with_ways_out(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [new_unit(client) for _ in range(2)]
    position = [register(client, unit=unit)["position"] for unit in units][-1]
    ask = {"by": "unit", "unit": ",".join(units), "min_position": position}
    assert len(client.get("/reports/customers", params=ask).json()["rows"]) == 2
    monkeypatch.setattr("api.reads.reports.answered.MOST", 1)
    found = problem(client.get("/reports/customers", params=ask), 422, "invalid-parameter")
    assert "ask for the top, or a file" in found["detail"]
    assert client.get("/reports/customers", params=ask | {"top": 1}).status_code == 200
    assert len(client.get("/reports/customers/export", params=ask).text.splitlines()) == 3


@pytest.mark.parametrize(
    "query",
    [
        "by=colour",
        "measures=colour",
        "colour=red",
        "grade_under=A",
        "from=2026-13-01",
        "to=today",
        "from=0",
        "to=2026-01-01T00:00:00Z",
        "to=20260101",
        "format=xml",
        "top=0",
        "top=1001",
        "top=many",
        "top=1&compare=year-ago",
        "top=1&fill=true",
        "as_of=2999-01-01",
    ],
)
def test_what_a_report_does_not_know_is_named(client: httpx.Client, query: str) -> None:
    found = problem(client.get(f"/reports/customers?{query}"), 422, "invalid-parameter")
    assert query.partition("=")[0] in {error["parameter"] for error in found["errors"]}


def test_a_report_that_there_is_not_is_not_there(client: httpx.Client) -> None:
    problem(client.get("/reports/weather"), 404, "not-found")


def test_what_stands_on_a_day_says_of_which_and_is_explained(client: httpx.Client) -> None:
    unit, product = new_unit(client), '19" rack'
    customer = register(client, unit=unit)["id"]
    body = {"customer_id": customer, "unit": unit, "title": "Racks", "lines": []}
    body |= {"starts_on": "2027-01-01", "ends_on": "2027-12-31"}
    body["lines"] = [{"id": "a", "product": product, "monthly": "12.50"}]
    draft = client.post("/contracts", json=body).raise_for_status().json()
    closed = client.post(f"/customers/{customer}/close", json={"reason": "bankrupt"})
    ask = {"unit": unit, "min_position": closed.raise_for_status().json()["position"]}
    (listed,) = client.get("/contracts", params=ask | {"products": product}).json()["items"]
    assert (listed["id"], listed["by_product"][0]["value"]) == (draft["id"], "150.00")
    assert not client.get("/contracts", params=ask | {"products": '19", rack'}).json()["items"]
    plain = dict(ask)
    ask |= {"to": "2027-06-30", "by": "customer_state,status,product"}
    found = client.get("/reports/contracts", params=ask).json()
    assert (found["from"], found["to"]) == ("2027-01-01", "2027-06-30")
    (row,) = found["rows"]
    assert (row["customer_state"], row["status"], row["contracts"]) == ("closed", "drafted", 1)
    assert (row["product"], row["value"], row["monthly_fee"]) == (product, "150.00", None)
    (behind,) = client.get(row["explain"]).raise_for_status().json()["items"]
    assert (behind["id"], behind["on"]) == (draft["id"], "2027-06-30")
    (year,) = client.get("/reports/contracts", params=plain | {"by": "year"}).json()["rows"]
    assert year["year"] == str(today().year)
    text = client.get("/reports/contract-movement", params={"format": "csv", "unit": unit}).text
    assert text.startswith("currency,contracts,opening,new,")


def test_a_figure_stands_beside_another_that_leads_to_its_records_too(client: httpx.Client) -> None:
    unit = new_unit(client)
    register(client, unit=unit)
    then = register(client, unit=unit)["position"]
    position = register(client, unit=unit)["position"]
    month = f"{today():%Y-%m}"
    ask = {"unit": unit, "measures": "customers", "min_position": position, "by": "month"}
    ask |= {"compare": f"previous,known:{then}", "fill": "1", "month": month, "to_date": "1"}
    found = client.get("/reports/customers", params=ask).json()
    (row,) = found["rows"]
    names = ("customers", "customers_previous", "customers_previous_change", "customers_known")
    assert [row[name] for name in names] == [3, 0, 3, 2]
    assert (row["customers_previous_share"], row["customers_known_share"]) == (None, 0.5)
    assert "explain_previous" not in row  # there is nothing behind nothing
    behind = client.get(row["explain_known"]).json()
    assert behind["figures"][0]["figure"] == len(behind["items"]) == 2
    late = client.get(found["late_entries"]).json()["items"]
    assert [each["position"] for each in late] == [position]
    file = client.get("/reports/customers/export", params=ask)
    assert [line.partition(",")[0] for line in file.text.splitlines()] == ["month", month]
    for wrong in ("nonsense", "known:", "known:soon", "known:1999-01-01", "previous"):
        answer = client.get("/reports/customers", params={"compare": wrong, "unit": unit})
        problem(answer, 422, "invalid-parameter")
