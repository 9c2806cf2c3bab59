"""A page that is open comes anew when something is recorded elsewhere."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from tests.api.console.staff import Looking, Staff
from tests.api.console.test_walk import signed_in
from tests.browser import browser


def ticket(staff: Staff, unit: str, title: str) -> str:
    """Open a ticket, as somebody else does elsewhere."""
    told = {"kind": "fault", "severity": "minor", "channel": "hotline", "title": title}
    return staff.world.make("/service-tickets", customer_id=staff.world.south, unit=unit, **told)


class Heard(NamedTuple):
    """The first event that is told, and the cookie that comes with it."""

    stream: str
    position: int
    cookie: str


def heard(looking: Looking, after: int, **more: str) -> Heard:
    """Return the first event of a ticket that a page is told."""
    path = f"/console/live?after={after}&aggregate=service-ticket"
    headers = {"Cookie": looking.cookie, **more}
    with looking.client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        event = json.loads(next(lines).removeprefix("data: "))
        return Heard(event["stream"], event["position"], answer.headers.get("set-cookie", ""))


def test_a_page_hears_of_what_is_in_sight_and_of_nothing_else(staff: Staff) -> None:
    chief, south = staff.looking("chief"), staff.looking("south")
    position = staff.world.admin.get("/readyz").json()["position"]
    far, near = ticket(staff, "js-nj", "Far"), ticket(staff, "gd-gz", "Near")
    assert heard(chief, position).stream == far
    first = heard(south, position)
    assert first.stream == near
    # A policy may set the terms of the far one before the near one is opened, or after it.
    assert heard(chief, 0, **{"Last-Event-ID": f"{first.position - 1}"}) == first._replace(
        cookie=""
    )
    mark, _, refresh = south.cookie.partition("=")[2].split("~")
    south.cookie = f"__Host-keyline={mark}~ended~{refresh}"
    assert heard(south, position).cookie.startswith("__Host-keyline=")
    assert chief.get("/console/live?nonsense=1").status_code == 422
    assert staff.someone().get("/console/live").status_code == 303


def test_a_page_of_the_past_stays_as_it_is(staff: Staff) -> None:
    chief = staff.looking("chief")
    assert "<main hx-get" in chief.get("/console/service-tickets").text
    assert "<main hx-get" not in chief.get("/console/service-tickets?valid_at=2026-01-01").text


@pytest.mark.parametrize("path", ["/console", "/console/service-tickets"])
def test_a_ticket_that_is_opened_elsewhere_appears_by_itself(
    staff: Staff, tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        signed_in(page, staff, "chief").open(f"{staff.world.address}{path}")
        page.until("document.querySelector('#following')?._htmx?.sse?.status === 200")
        details = "document.querySelector('main details')"
        page.run(f"{details} && ({details}.open = true)")
        for title in ("The first call", "The second call"):
            ticket(staff, "gd-gz", f"{title} {path}")
            page.until(f"document.querySelector('main').textContent.includes('{title} {path}')")
        assert page.run(f"{details}?.open ?? true")  # what somebody opened stays so
        assert page.said == []
