"""Days: of a record they are in order, and what is none is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults.fresh import NUMBER, Fresh, id_of

NO_DAYS = ("0", "00", "86400", "1699920000")
TICKET: dict[str, Any] = {"kind": "fault", "severity": "minor", "channel": "web", "title": "x"}
TICKET |= {"unit": "group"}


@pytest.fixture
def since_june(keyline: Fresh) -> dict[str, str]:
    """The paths of a sale and of a customer that begin in June 2025."""
    customer = keyline.customer("Steel", registered_on="2025-06-01")
    sale = keyline.sale(customer_id=id_of(customer), opened_on="2025-06-01")
    return {"customers": customer, "opportunities": sale}


@pytest.mark.parametrize(
    ("record", "command", "body", "day"),
    [
        ("opportunities", "win", {"amount": "5.00"}, "closed_on"),
        ("opportunities", "lose", {"reason": "price"}, "closed_on"),
        ("opportunities", "abandon", {"reason": "x"}, "closed_on"),
        ("opportunities", "advance", {"stage": "solution"}, "effective"),
        ("customers", "activate", {}, "effective"),
    ],
)
def test_nothing_becomes_of_a_record_before_it_begins(
    keyline: Fresh,
    since_june: dict[str, str],
    record: str,
    command: str,
    body: dict[str, str],
    day: str,
) -> None:
    path = f"{since_june[record]}/{command}"
    found = keyline.refuse(409, "dates-contradict", path, **body, **{day: "2000-01-01"})
    assert [each["pointer"] for each in found["errors"]] == [f"/{day}"]
    keyline.do(path, **body, **{day: "2025-06-01"})


@pytest.mark.parametrize("odd", NO_DAYS)
def test_a_number_is_no_day_and_no_moment(keyline: Fresh, odd: str) -> None:
    customer = keyline.customer("Dated")
    ticket = TICKET | {"customer_id": id_of(customer), "at": odd}
    for path, body, field in (
        ("/customers", {"name": "x", "unit": "group", "registered_on": odd}, "registered_on"),
        (f"{customer}/activate", {"effective": odd}, "effective"),
        ("/service-tickets", ticket, "at"),
    ):
        found = keyline.refuse(422, "invalid-body", path, **body)
        assert [each["pointer"] for each in found["errors"]] == [f"/{field}"]


def test_a_number_is_no_day_of_an_imported_row(keyline: Fresh) -> None:
    rows = [f"Odd {odd},group,{odd}\n" for odd in NO_DAYS]
    done = keyline.bring("customers", "name,unit,registered_on\n" + "".join(rows))
    assert (done.returncode, "0 imported, 0 were there already, 4 failed" in done.stdout) == (
        1,
        True,
    )
    for odd in NO_DAYS:
        assert f"column 'registered_on': '{odd}' is no day" in done.stderr


def test_a_day_is_within_what_its_field_means(keyline: Fresh) -> None:
    next_year = datetime.now(UTC).year + 2
    contact = f"{keyline.customer('Bounds')}/add-contact"
    for path, body, field in (
        (contact, {"name": "x", "birthday": f"{next_year}-01-01"}, "birthday"),
        ("/customers", {"name": "x", "unit": "group", "founded": 2150}, "founded"),
        (
            "/opportunities",
            {"title": "x", "unit": "group", "expected_close": "1970-01-01"},
            "expected_close",
        ),
    ):
        found = keyline.refuse(422, "invalid-body", path, **body)
        assert [each["pointer"] for each in found["errors"]] == [f"/{field}"]


def test_no_two_are_each_others_head_office_on_days_gone_by(keyline: Fresh) -> None:
    a, b = (keyline.customer(name, registered_on="2025-01-01") for name in "AB")
    ids = {path: id_of(path) for path in (a, b)}
    keyline.do(f"{a}/place-under", parent_id=ids[b], effective="2025-03-01")
    keyline.do(f"{a}/place-under", parent_id=None, effective="2025-09-01")
    for day in ("2025-02-28", "2025-03-01", "2025-08-31"):
        turned = {"parent_id": ids[a], "effective": day}
        keyline.refuse(409, "parent-cycle", f"{b}/place-under", **turned)
    keyline.do(f"{b}/place-under", parent_id=ids[a], effective="2025-09-01")


def test_no_number_is_two_customers_on_a_day_gone_by(keyline: Fresh) -> None:
    first = keyline.customer("One", registered_on="2025-01-01", registration_number=NUMBER)
    keyline.do(f"{first}/correct-details", registration_number="other", effective="2025-06-01")
    taken = {"name": "Two", "unit": "group", "registration_number": NUMBER}
    early = taken | {"registered_on": "2025-05-31"}
    keyline.refuse(409, "registration-number-taken", "/customers", **early)
    keyline.do("/customers", **taken, registered_on="2025-06-01")


def test_what_a_record_names_had_begun_by_then(keyline: Fresh) -> None:
    later = id_of(keyline.customer("Later", registered_on="2025-06-01"))
    for path, body, field, day in (
        ("/customers", {"name": "Child"}, "parent_id", "registered_on"),
        ("/opportunities", {"title": "Early"}, "customer_id", "opened_on"),
    ):
        named = {"unit": "group", **body, field: later}
        found = keyline.refuse(409, "dates-contradict", path, **named, **{day: "2025-05-31"})
        assert [each["pointer"] for each in found["errors"]] == [f"/{field}"]
        assert "The customer begins on 2025-06-01." in found["detail"]
        keyline.do(path, **named, **{day: "2025-06-01"})


def test_a_step_of_a_ticket_is_not_before_its_opening(keyline: Fresh) -> None:
    customer = id_of(keyline.customer("Ticketed"))
    ticket = keyline.make("/service-tickets", **TICKET, customer_id=customer)
    keyline.do(f"{ticket}/assign", owner="li.wei")
    opened = datetime.fromisoformat(keyline.ask(ticket)["opened_at"])
    early = (opened - timedelta(seconds=1)).isoformat()
    keyline.refuse(409, "dates-contradict", f"{ticket}/accept", at=early)
    keyline.do(f"{ticket}/accept")
    done = {"cause": "x", "action": "y"}
    keyline.refuse(409, "dates-contradict", f"{ticket}/resolve", **done, at=early)
    keyline.do(f"{ticket}/resolve", **done)
