"""The as-of bar: the page becomes that of another day, known or true, and says so."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from domain.kernel.time.business_day import today
from tests.api.console.staff import Staff, links, text
from tests.api.console.test_walk import signed_in
from tests.browser import browser

SLIDER = "document.querySelector('.slide [type=range]')"
BAND = "document.querySelector('form.moment [role=status]')"


def turned(day: date | None) -> str:
    """Return a script that turns the slider to a day, or to its end."""
    value = f"{SLIDER}.max" if day is None else str((day - date(1970, 1, 1)).days)
    heard = "dispatchEvent(new Event('input', { bubbles: true }))"
    return f"{SLIDER}.focus(); {SLIDER}.value = {value}; {SLIDER}.{heard}"


def test_the_slider_turns_the_page_to_a_day_and_back_and_the_address_tells(
    staff: Staff, tmp_path: Path
) -> None:
    body = {"name": "Slider Ltd", "unit": "gd", "grade": "B", "registered_on": "2019-03-01"}
    id_ = staff.world.make("/customers", **body)
    change = {"grade": "A", "reason": "more business", "effective": "2023-06-01"}
    staff.world.post(f"/customers/{id_}/regrade", **change)
    staff.settled()
    with browser(tmp_path) as page:
        signed_in(page, staff, "admin2").open(f"{staff.world.address}/console/customers/{id_}")
        grade = "document.querySelector('main .state.A, main .state.B').textContent"
        assert page.run(grade) == "A"
        assert page.run("document.querySelector('.commands') !== null")
        page.run("window.still = true")
        page.run(turned(date(2022, 1, 31)))
        page.until(f"{BAND} !== null")
        assert page.run(grade) == "B"
        assert page.run("document.querySelector('.commands') === null")
        assert page.run("location.search") == "?valid_at=2022-01-31"
        assert "2022年1月31日" in page.run(f"{BAND}.textContent") or "31 January 2022" in page.run(
            f"{BAND}.textContent"
        )
        page.run(turned(date(2024, 1, 31)))
        page.until(f"{grade} === 'A'")
        page.run(turned(None))
        page.until(f"{BAND} === null")
        assert (page.run("location.search"), page.run(grade)) == ("", "A")
        assert page.run("window.still")  # the page was never left
        page.tab.go_back()
        page.until("location.search === '?valid_at=2024-01-31'")
        page.until(f"{BAND} !== null")
        page.tab.select_option(".slide select", "as_of")
        first = page.run(f"{SLIDER}.min")
        assert int(first) == (today() - date(1970, 1, 1)).days
        assert page.said == []


def test_a_moment_is_told_in_words_of_either_language(staff: Staff) -> None:
    chief, day = staff.looking("chief"), today()
    known, true = f"as_of={day}", "valid_at=2026-03-31"
    english = chief.get(f"/console/units?{known}&{true}", **{"Accept-Language": "en"})
    for said in (f"known on {day.day} {day:%B} {day.year}", "true on 31 March 2026"):
        assert said in english.text
    chinese = chief.get(f"/console/units?{true}")
    assert "生效于 2026年3月31日" in chinese.text
    assert "valid_at" not in chief.get("/console/units?sort=code").text.partition("<main")[2]


def test_a_day_to_come_is_refused_in_words_with_a_way_back(staff: Staff) -> None:
    chief, day = staff.looking("chief"), today() + timedelta(days=2)
    for path in ("customers?sort=name&", f"customers/{staff.world.south}?"):
        for axis in ("as_of", "valid_at"):
            answer = chief.get(f"/console/{path}{axis}={day}")
            assert answer.status_code == 422, text(answer)
            assert "future" in text(answer)
            back = f"/console/{path}".rstrip("?&")
            assert back in links(answer)
            again = chief.get(back)
            assert again.status_code == 200, text(again)
