"""A look back: the customer of then, the funnel of then, down to records, events and the proof."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import TimeoutError

from adapters.settings import Settings
from tests.api.conftest import KEY, serving
from tests.api.console.staff import Staff
from tests.api.console.test_bar import BAND, turned
from tests.api.console.test_walk import signed_in
from tests.browser import Page, browser

NAME = "启明银行"
BEFORE, AFTER = date(2024, 5, 31), date(2024, 6, 30)
"""Days before and after the customer was regraded."""

GRADE = "document.querySelector('main .state.A, main .state.B')?.textContent"
PLOT = "document.querySelector('keyline-plot[look=funnel]')"


def told(staff: Staff) -> None:
    """Tell what happened: a customer was regraded, and its sales went on after that day."""
    bank = {"name": NAME, "unit": "gd", "grade": "B", "registered_on": "2024-01-10"}
    id_, world = staff.world.make("/customers", **bank), staff.world
    change = {"grade": "A", "reason": "收入达到集团标准", "effective": "2024-06-01"}
    world.post(f"/customers/{id_}/regrade", **change)
    for title, day in (("专线", "2024-02-01"), ("云主机", "2024-03-01"), ("语音", "2024-06-15")):
        sale = {"title": title, "unit": "gd", "customer_id": id_, "amount": "100.00"}
        sold = world.make("/opportunities", **sale, opened_on=day)
        world.post(f"/opportunities/{sold}/qualify", effective=day)
    later = {"stage": "proposal", "effective": "2024-06-20"}
    world.post(f"/opportunities/{sold}/advance", **later)
    staff.settled()


def drawn(page: Page) -> list[float]:
    """Return the figures of the funnel as they are drawn, once they are."""
    page.until(f"{PLOT}?.chart !== undefined")
    figures: list[float] = page.run(f"{PLOT}.chart.getOption().series[0].data")
    return figures


def behind(page: Page) -> None:
    """Click the second bar of the funnel until its records open: one that moves is missed."""
    place = (
        f"(() => {{ const plot = {PLOT}, b = plot.canvas.getBoundingClientRect();"
        " const [x, y] = plot.chart.convertToPixel('grid', [1, 0]);"
        " return [x / 2 + b.left, y + b.top]; })()"
    )
    for _ in range(20):
        page.run(f"{PLOT}.scrollIntoView()")
        page.tab.mouse.click(*page.run(place))
        with suppress(TimeoutError):
            page.tab.wait_for_url("**/records*", timeout=5000, wait_until="commit")
            break
    page.until("location.pathname.endsWith('/records')")


def test_what_was_is_seen_as_it_was_down_to_a_proof_that_no_alteration_passes(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path / "data", port=0, admin_key=KEY)
    with serving(settings) as address:
        staff = Staff(address)
        told(staff)
        headers = staff.tokens("admin2")
        staff.close()
    # When it ended it signed the heads of its logs.
    with serving(settings) as address, browser(tmp_path / "browser", locale="zh-CN") as page:
        signed_in(page, address, "admin2")
        page.tab.fill("header [type=search]", NAME)
        page.tab.press("header [type=search]", "Enter")
        page.tab.click(f"main a:text-is('{NAME}')")
        page.until(f"{GRADE} === 'A' && document.querySelector('.commands') !== null")
        page.run(turned(BEFORE))
        page.until(f"{BAND} !== null && {GRADE} === 'B'")
        assert "生效于 2024年5月31日" in page.run(f"{BAND}.textContent")
        assert page.run("document.querySelector('.commands') === null")
        page.run(turned(AFTER))
        page.until(f"{GRADE} === 'A'")
        page.run(turned(BEFORE))
        page.until(f"{GRADE} === 'B'")

        page.tab.click("nav a[href^='/console/charts']")
        found = drawn(page)
        ask = f"by=stage&measures=entered&valid_at={BEFORE}"
        answer = page.tab.request.get(f"{address}/reports/stages?{ask}", headers=headers)
        rows = answer.json()["rows"]
        assert found == [each["entered"] for each in rows] == [2, 2]
        assert page.run("location.search") == f"?valid_at={BEFORE}"
        behind(page)
        page.until("document.querySelectorAll('tbody tr').length === 2")
        page.tab.click("tbody a")
        page.tab.click('.history a[href^="/console/events/"]')
        page.tab.click("form.proof button")
        page.until("document.querySelector('output').className === 'proved'")
        page.run(
            "proof = document.querySelector('[name=proof]'),"
            " told = JSON.parse(proof.value), told.leaf = told.leaf.replace('2024', '2023'),"
            " proof.value = JSON.stringify(told); 0"
        )
        page.tab.click("form.proof button")
        page.until("document.querySelector('output').className === 'refuted'")
        assert page.hosts == {urlsplit(address).netloc}
        assert page.said == []
