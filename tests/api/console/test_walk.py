"""A walk through the console with a real browser: nothing to complain of on any page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.console.staff import Staff
from tests.api.permissions.test_sign_in import GOOD
from tests.browser import Page, browser

SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
"""Widths, in pixels, and colours that people look at pages with."""


def pages(staff: Staff) -> list[str]:
    """Return addresses of pages, one of each kind, of now and of another day."""
    customer = f"customers/{staff.world.south}"
    found = ["", "customers", customer, f"{customer}/history", f"{customer}/regrade"]
    found += ["new/customers", "charts", "reports", "reports/pipeline?by=stage&by=unit"]
    found += [f"reports/sales?by=month&compare=year-ago&look={look}" for look in ("bar", "line")]
    found += ["operations", "password", "products", "sites", "contracts?sort=-value"]
    found += [
        "charts",
        "reports/pipeline?by=stage&look=bar",
        "reports/pipeline?by=unit&by=stage&look=pivot",
    ]
    found += [
        "events/3",
        "operations?command=nonsense",
        "customers/none",
        "units?valid_at=2020-01-01",
    ]
    return [f"{staff.world.address}/console/{path}".rstrip("/") for path in found]


def signed_in(page: Page, staff: Staff | str, who: str) -> Page:
    """Sign somebody in by the form of a server."""
    address = staff if isinstance(staff, str) else staff.world.address
    page.open(f"{address}/console/sign-in")
    page.tab.fill("[name=employee]", who)
    page.tab.fill("[name=password]", GOOD)
    page.tab.press("[name=password]", "Enter")
    page.tab.wait_for_selector("nav")
    return page


def fits(page: Page) -> bool:
    """Tell whether a page is no wider than the screen, once its plots have been drawn anew."""
    for _ in range(60):
        if not page.run("document.documentElement.scrollWidth > innerWidth"):
            return True
        page.tab.wait_for_timeout(50)
    return False


def test_every_page_can_be_used_on_any_screen_and_asks_nothing_of_anybody_else(
    staff: Staff, tmp_path: Path
) -> None:
    found: list[str] = []
    with browser(tmp_path) as page:
        page.open(f"{staff.world.address}/console/sign-in")
        found += page.unusable()
        signed_in(page, staff, "admin2")
        for url in pages(staff):
            page.open(url)
            for width, colours in SCREENS:
                page.tab.set_viewport_size({"width": width, "height": 900})
                page.tab.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
                if not fits(page):
                    found.append(f"{url} is wider than {width}")
                if width == 390 or colours == "light":
                    found += [f"{url} {width} {colours}: {each}" for each in page.unusable()]
        assert found == []
        assert page.hosts == {urlsplit(staff.world.address).netloc}
        assert [each for each in page.said if "status of 4" not in each] == []


@pytest.mark.parametrize("fault", ["<img src=/console/static/none.png>", "<p lang=nonsense>x</p>"])
def test_a_page_that_somebody_cannot_use_is_found(staff: Staff, tmp_path: Path, fault: str) -> None:
    with browser(tmp_path) as page:
        page.open(f"{staff.world.address}/console/sign-in")
        assert page.unusable() == []
        page.run(f"document.querySelector('main').innerHTML += '{fault}'")
        assert len(page.unusable()) == 1
