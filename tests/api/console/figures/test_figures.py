"""Figures at the console: table, pivot and plot say what the API says, number by number."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from api.console.figures.charts import CHARTS
from domain.kernel.time.business_day import today
from tests.api.console.staff import MARKUP, Looking, Staff, links, text
from tests.api.console.test_walk import signed_in
from tests.browser import browser

Cells = dict[tuple[str, str, str], str]
"""Figures as texts, by measure, row and column."""


@pytest.fixture(scope="module", autouse=True)
def _figures(staff: Staff) -> None:
    """Make what there is to count, and wait until it counts."""
    world = staff.world
    world.make("/units", code="odd", name=MARKUP, level="network", parent="gd")
    for unit, amount in (("gd", "1000.10"), ("gd", "0.20"), ("odd", "30.00"), ("js", "4.05")):
        world.offer(unit, world.south, amount)
    qualified = world.offer("odd", world.south, "500.00")
    world.post(f"/opportunities/{qualified}/qualify")
    for day in ("2020-01-31", "2020-02-29", "2020-02-03", "2021-02-28", "2021-05-01"):
        world.make(
            "/customers", name=f"Of {day}", unit="js", registered_on=day, annual_revenue="7.00"
        )
    told = {"min_position": world.admin.get("/readyz").json()["position"]}
    world.admin.get("/reports/customers", params=told).raise_for_status()


def api(staff: Staff, code: str, report: str, **ask: str) -> Any:
    return staff.world.admin.get(f"/reports/{report}", params=ask, headers=staff.tokens(code))


def panels(page: str) -> Cells:
    """Return all figures of the panels of a page."""
    found: Cells = {}
    for panel in page.split('<section class="panel">')[1:]:
        title = re.sub(
            r" · [A-Z]{3}$", "", html.unescape(re.findall(r"<h2[^>]*>(.*?)</h2>", panel)[0])
        )
        columns = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', panel)
        for line in panel.split("<tbody>")[1].split("<tr>")[1:]:
            (name,) = re.findall(r'<th scope="row">(.*?)</th>', line)
            cells = re.findall(r'<td class="number">(.*?)</td>', line)
            assert len(cells) == len(columns)
            for column, cell in zip(columns, cells, strict=True):
                key = (title, html.unescape(name), html.unescape(column))
                assert key not in found
                value = re.search(r'<data value="([^"]*)">', cell)
                found |= {key: html.unescape(value[1])} if value else {}
    return found


def told(
    staff: Staff, code: str, report: str, by: str, measures: dict[str, str], row: str
) -> Cells:
    """Return what the API says, as cells of the row that is called so, or of each by its name."""
    first, _, second = by.partition(",")
    found: Cells = {}
    for each in api(staff, code, report, by=by, measures=",".join(measures)).json()["rows"]:
        name = row or str(each.get(f"{first}_name") or each[first])
        for measure, title in measures.items():
            if each[measure] is not None:
                found[title, name, str(each[second]) if second else title] = str(each[measure])
    return found


MEASURES = {"opportunities": "Opportunities", "amount": "Amount", "average_probability": ""}
MEASURES["average_probability"] = "Average probability"


@pytest.mark.parametrize("code", ["chief", "south", "masked"])
@pytest.mark.parametrize("look", ["pivot", "bar", "line"])
def test_panels_and_their_totals_are_the_figures_of_the_api(
    staff: Staff, code: str, look: str
) -> None:
    looking = staff.looking(code)
    measures = {n: t for n, t in MEASURES.items() if code != "masked" or n != "amount"}
    asked = f"by=unit&by=stage&look={look}&" + "&".join(f"measures={each}" for each in measures)
    page = looking.get(f"/console/reports/pipeline?{asked}")
    assert page.status_code == 200, page.text
    wanted = told(staff, code, "pipeline", "unit,stage", measures, "")
    if look == "pivot":
        totals = told(staff, code, "pipeline", "unit", measures, "")
        totals = {(title, name, "total"): value for (title, name, _), value in totals.items()}
        under = told(staff, code, "pipeline", "stage", measures, "")
        whole = api(staff, code, "pipeline", measures=",".join(measures)).json()["rows"]
        wanted |= totals | {(title, "total", name): v for (title, name, _), v in under.items()}
        wanted |= {
            (t, "total", "total"): str(each[n]) for n, t in measures.items() for each in whole
        }
    assert panels(english(looking, f"/console/reports/pipeline?{asked}")) == wanted
    assert len(wanted) > 6
    assert ("keyline-plot" in page.text) == (look != "pivot")
    assert ("echarts" in page.text) == (look != "pivot")


def english(looking: Looking, path: str) -> str:
    answer = looking.get(path, **{"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    page: str = answer.text
    return page


def test_a_masked_amount_is_in_no_plot_and_that_is_said(staff: Staff) -> None:
    masked = staff.looking("masked")
    page = english(masked, "/console/reports/pipeline?by=stage&look=bar")
    assert "amount: left out" in page
    assert {title for title, *_ in panels(page)} == {"Opportunities", "Average probability"}
    amount = api(staff, "chief", "pipeline", by="stage").json()["rows"][0]["amount"]
    assert amount not in page
    assert amount in english(staff.looking("chief"), "/console/reports/pipeline?by=stage&look=bar")
    refused = masked.get("/console/reports/pipeline?by=stage&look=bar&measures=amount")
    assert refused.status_code == 403
    assert "data value" not in refused.text


def test_a_plot_of_then_has_the_figures_of_then(staff: Staff) -> None:
    chief, position = staff.looking("chief"), staff.world.position
    path = "/console/reports/stages?by=stage&look=bar&measures=entered"
    now, then = (english(chief, path + past) for past in ("", f"&as_of_position={position}"))
    assert panels(now) != panels(then)
    for page, moment in ((now, {}), (then, {"as_of_position": str(position)})):
        rows = api(staff, "chief", "stages", by="stage", measures="entered", **moment).json()[
            "rows"
        ]
        assert panels(page) == {("Entered", r["stage"], "Entered"): str(r["entered"]) for r in rows}
    assert all("as_of_position" in each for each in links_of(then) if "/records?" in each)


def links_of(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


def test_what_figures_are_compared_with_stands_beside_them(staff: Staff) -> None:
    chief = staff.looking("chief")
    asked = "by=month&compare=year-ago&measures=customers&unit=js&from=2021-01-01&to=2021-12-31"
    page = english(chief, f"/console/reports/customers?{asked}&look=line")
    assert panels(page) == {
        ("Customers", "2021-01", "Customers"): "0",
        ("Customers", "2021-01", "a year ago"): "1",
        ("Customers", "2021-02", "Customers"): "1",
        ("Customers", "2021-02", "a year ago"): "2",
        ("Customers", "2021-05", "Customers"): "1",
        ("Customers", "2021-05", "a year ago"): "0",
    }
    (link,) = (each for each in links_of(page) if "month=2020-02" in each)
    assert text(chief.get(link)).count("Of 2020-02") == 2
    pivot = english(chief, f"/console/reports/customers?{asked}&by=unit&look=pivot")
    assert panels(pivot)["Customers", "total", "total · a year ago"] == "3"
    table = text(chief.get(f"/console/reports/customers?{asked}"))
    assert "客户数 · 上年同期 Δ %" in table
    known = f"by=unit&measures=customers&compare=known:{staff.world.position}&look=bar"
    page = english(chief, f"/console/reports/customers?{known}")
    assert any(name.startswith("known on ") for _, _, name in panels(page))
    assert f"<option selected>known:{staff.world.position}</option>" in page


@pytest.mark.parametrize("code", ["chief", "south", "masked"])
@pytest.mark.parametrize("subject", CHARTS)
def test_charts_have_the_figures_of_their_reports_as_far_as_these_are_seen(
    staff: Staff, code: str, subject: str
) -> None:
    looking = staff.looking(code)
    charts = english(looking, f"/console/charts/{subject}").split("<article>")[1:]
    for chart, page in zip(CHARTS[subject], charts, strict=True):
        (path,) = (each for each in links_of(page) if f"/reports/{chart.report}?by=" in each)
        answer = looking.get(path, **{"Accept-Language": "en"})
        asked = api(staff, code, chart.report, by=chart.by, measures=chart.measure)
        assert answer.status_code == asked.status_code
        if answer.status_code == 200:
            assert panels(page) == panels(answer.text)
            told = asked.json()["rows"]
            rows = {
                (r[chart.by], str(r[chart.measure])) for r in told if r[chart.measure] is not None
            }
            if not chart.so_far and chart.look != "pareto":
                assert {(name, value) for (_, name, _), value in panels(page).items()} == rows
        else:
            assert asked.json()["detail"] in html.unescape(page)
            assert "<data" not in page


def test_charts_are_of_the_day_of_the_page(staff: Staff) -> None:
    chief = staff.looking("chief")
    page = english(chief, "/console/charts/marketing?valid_at=2021-03-31")
    assert any("from=2021-01-01&to=2021-03-31" in each for each in links_of(page))
    assert all("valid_at=2021-03-31" in each for each in links_of(page) if "/reports/" in each)
    assert chief.get("/console/charts/none").status_code == 404
    assert chief.get("/console/charts?as_of=1999-01-01").status_code == 422
    plot = english(chief, f"/console/charts/service?valid_at={today()}")
    assert re.search(r'name="Opened · true on \d', plot)


def test_a_pareto_goes_from_the_greatest_up_to_the_whole(staff: Staff) -> None:
    chief = staff.looking("chief")
    path = "/console/reports/pipeline?by=unit&measures=amount&look=pareto"
    for top in (2, 1000):
        page = english(chief, f"{path}&top={top}")
        rows = api(staff, "chief", "pipeline", by="unit", measures="amount").json()["rows"]
        rows = sorted(rows, key=lambda row: -Decimal(row["amount"]))
        whole, sum_, wanted = sum(Decimal(row["amount"]) for row in rows), Decimal(), {}
        for row in rows[:top]:
            sum_ += Decimal(row["amount"])
            wanted["Amount", row["unit_name"], "Amount"] = row["amount"]
            share = f"{round(float(sum_ / whole), 4)}"
            wanted["Amount", row["unit_name"], "cumulated share"] = share
        assert list(panels(page).items()) == list(wanted.items())
    assert len(rows) > 2
    assert share == "1.0"
    assert 'name="top" min="1" max="1000" value="30"' in english(chief, path)
    for wrong in ("by=unit,stage", "by=currency", "by=", "measures=average_probability"):
        name, _, value = wrong.partition("=")
        asked = {"by": "unit", "measures": "amount", "look": "pareto"} | {name: value}
        refused = chief.get(f"/console/reports/pipeline?{urlencode(asked)}")
        assert refused.status_code == 422, wrong
        assert "A Pareto is of" in text(refused)
    for report, of in (
        ("campaigns", "by=unit"),
        ("contracts", "by=month"),
        ("sales", "by=product"),
    ):
        path = f"/console/reports/{report}?{of}&measures={report}&look=pareto"
        assert chief.get(path.replace("=sales&", "=won&")).status_code == 422
    assert chief.get(f"{path}&look=pareto&compare=year-ago").status_code == 422


def test_reports_are_called_in_the_language_of_the_page(staff: Staff) -> None:
    chief, path = staff.looking("chief"), "/console/reports/pipeline?by=stage&by=month&look=bar"
    assert ">金额 · CNY</h2>" in chief.get(path).text
    assert ">Amount · CNY</h2>" in english(chief, path)


def test_names_are_text_in_plots_too(staff: Staff) -> None:
    page = english(staff.looking("chief"), "/console/reports/pipeline?by=unit&look=bar")
    assert "<script>alert" not in page
    assert any(name == MARKUP for _, name, _ in panels(page))


def test_a_report_is_fetched_as_the_file_that_the_api_exports(staff: Staff) -> None:
    chief, asked = staff.looking("chief"), "by=stage,unit&measures=opportunities"
    position = staff.world.position
    for path in (f"pipeline?{asked}", f"pipeline?{asked}&as_of_position={position}&look=pivot"):
        files = [
            each for each in links(chief.get(f"/console/reports/{path}")) if "/export?" in each
        ]
        assert len(files) == 2
        for link in files:
            file = chief.get(link)
            assert file.status_code == 200
            assert file.headers["content-disposition"].startswith('attachment; filename="pipeline.')
            ask = f"{link.removeprefix('/console')}" + ("&for=excel" if "csv" in link else "")
            theirs = staff.world.admin.get(ask, headers=staff.tokens("chief"))
            assert (file.content == theirs.content) or "xlsx" in link
            assert file.headers["position"] == theirs.headers["position"]
            assert len(file.content) > 50
    assert chief.get("/console/reports/pipeline/export?format=parquet").status_code == 422
    assert chief.get("/console/reports/pipeline/export?by=nonsense").status_code == 422
    assert chief.get("/console/reports/none/export").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    ["look=pie", "compare=week&look=bar", "format=csv", "by=nonsense&look=bar", "to=x&look=pivot"],
)
def test_what_there_is_not_is_refused_in_words(staff: Staff, wrong: str) -> None:
    answer = staff.looking("chief").get(f"/console/reports/pipeline?{wrong}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_browser_draws_the_figures_of_the_table_and_leads_where_they_do(
    staff: Staff, tmp_path_factory: pytest.TempPathFactory
) -> None:
    address = staff.world.address
    with browser(tmp_path_factory.mktemp("browser")) as page:
        signed_in(page, staff, "chief").open(f"{address}/console/reports/pipeline?by=stage")
        loaded = (
            "performance.getEntriesByType('resource').filter(e => /echarts/.test(e.name)).length"
        )
        assert page.run(loaded) == 0
        page.open(f"{address}/console/reports/pipeline?by=stage&look=bar&measures=opportunities")
        page.until("document.querySelector('keyline-plot')?.chart !== undefined")
        assert page.run(loaded) == 1
        page.run("plot = document.querySelector('keyline-plot'); 0")
        drawn = page.run("plot.chart.getOption().series[0].data")
        rows = api(staff, "chief", "pipeline", by="stage", measures="opportunities").json()["rows"]
        assert drawn == [each["opportunities"] for each in rows]
        words = page.run("plot.canvas.getAttribute('aria-label')")
        assert all(f"{each['opportunities']}" in words for each in rows)
        page.run("plot.querySelector('data').value = 77; 0")
        page.until("plot.chart.getOption().series[0].data[0] === 77")  # as a page is morphed
        with page.tab.expect_download() as download:
            page.tab.get_by_role("button", name="PNG").click()
        picture = download.value.path().read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 5000
        assert download.value.suggested_filename == "Opportunities.png"
        page.run("plot.scrollIntoView()")
        at = page.run(
            "(() => { const [x, y] = plot.chart.convertToPixel('grid', [0, 1]),"
            " b = plot.canvas.getBoundingClientRect(); return [x + b.left, y + b.top]; })()"
        )
        page.tab.mouse.click(*at)
        page.until("location.pathname.endsWith('/records')")
        page.until("document.querySelector('main h1') !== null")
        assert page.run("document.querySelectorAll('tbody tr').length") == rows[0]["opportunities"]
        page.tab.click("tbody a")
        page.tab.click('.history a[href^="/console/events/"]')
        page.tab.click("form.proof button")
        page.until("document.querySelector('output').value")
        assert page.run("document.querySelector('output').className") != "refuted"
        page.run(
            "proof = document.querySelector('[name=proof]');"
            " proof.value = JSON.stringify({ ...JSON.parse(proof.value), head: null }); 0"
        )
        page.tab.click("form.proof button")  # of what is too new to be in a signed head
        page.until(
            "document.querySelector('output').value.includes('No signed head covers it yet')"
        )
        assert page.said == []
