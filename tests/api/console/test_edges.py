"""The console's edges: too many rows, no script at all, names that are markup."""

from __future__ import annotations

from pathlib import Path

from tests.api.console.staff import MARKUP, Staff, links, text
from tests.api.console.test_walk import signed_in
from tests.browser import browser


def test_ten_thousand_rows_on_a_page_are_refused_in_words_with_a_way_back(staff: Staff) -> None:
    chief = staff.looking("chief")
    for path in ("/console/customers", "/console/service-tickets"):
        answer = chief.get(f"{path}?limit=10000")
        assert answer.status_code == 422
        assert "limit: Input should be less than or equal to" in text(answer)
        assert chief.get(f"{path}?limit=1").text.count("<tr>") == 2
        assert path in links(answer)


def test_names_that_are_markup_are_text_on_the_timeline_too(staff: Staff) -> None:
    page = staff.looking("chief").get(f"/console/customers/{staff.odd}/timeline")
    assert "<script>alert" not in page.text
    assert MARKUP in text(page)


def test_without_any_script_pages_read_and_the_bar_is_a_form(staff: Staff, tmp_path: Path) -> None:
    body = {"name": "Scriptless Ltd", "unit": "gd", "grade": "B", "registered_on": "2019-03-01"}
    id_ = staff.world.make("/customers", **body)
    staff.settled()
    with browser(tmp_path, java_script_enabled=False) as page:
        tab = signed_in(page, staff, "admin2").tab
        page.open(f"{staff.world.address}/console/customers/{id_}")
        assert tab.locator("h1").inner_text() == "Scriptless Ltd"
        assert not tab.locator(".slide").is_visible()
        assert tab.locator(".commands").is_visible()
        tab.fill("[name=valid_at]", "2020-01-31")
        tab.click("form.moment button")
        assert "valid_at=2020-01-31" in tab.url
        assert tab.locator("form.moment [role=status]").is_visible()
        assert tab.locator(".commands").count() == 0
        tab.click("form.moment a")
        assert tab.locator(".commands").is_visible()
        assert page.said == []
