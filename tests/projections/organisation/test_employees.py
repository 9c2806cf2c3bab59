"""The employee row: who, where, with what skills, and since when tokens count."""

from datetime import date

from projections.organisation.employees import employees
from tests.projections.folding import row_after, told

ENGAGED = (
    "engaged",
    {
        "code": "li.wei",
        "name": "李伟",
        "phone": "+86 20 1",
        "email": "li@example.com",
        "unit": "gd-gz",
        "post": "Account manager",
        "on": "2021-03-01",
    },
)


def test_details_and_place_follow_what_was_recorded() -> None:
    row = row_after(
        employees,
        ENGAGED,
        ("details-corrected", {"name": "李威", "email": None, "phone": None, "cleared": ["phone"]}),
        ("moved", {"unit": "gd", "post": "Head", "reason": "Promotion", "on": None}),
    )
    assert (row["name"], row["phone"], row["email"]) == ("李威", None, "li@example.com")
    assert (row["unit"], row["post"], row["state"]) == ("gd", "Head", "active")
    assert row["engaged_on"] == date(2021, 3, 1)


def test_skills_and_certificates_come_and_go() -> None:
    paper = {"number": "7", "issued_on": "2022-01-01", "until": "2025-01-01"}
    row = row_after(
        employees,
        ENGAGED,
        ("skill-recorded", {"skill": "IoT", "level": 2}),
        ("skill-recorded", {"skill": "IoT", "level": 3}),
        ("skill-recorded", {"skill": "VPN", "level": 1}),
        ("skill-removed", {"skill": "VPN"}),
        ("certificate-recorded", {"name": "PMP", **paper}),
        ("certificate-recorded", {"name": "CCNA", **paper}),
        ("certificate-removed", {"name": "CCNA"}),
    )
    assert row["skills"] == {"IoT": 3}
    assert row["certificates"] == {"PMP": paper}


def test_who_left_and_came_back_is_active_again() -> None:
    left = ("left", {"reason": "Abroad", "on": "2024-06-30"})
    gone = row_after(employees, ENGAGED, left)
    assert (gone["state"], gone["left_on"]) == ("left", date(2024, 6, 30))
    back = ("reengaged", {"unit": "gd-sz", "post": None, "on": "2025-02-01"})
    again = row_after(employees, ENGAGED, left, back)
    assert (again["state"], again["left_on"], again["unit"]) == ("active", None, "gd-sz")


def test_tokens_issued_before_the_sessions_ended_are_void() -> None:
    ended = ("sessions-ended", {"reason": "Lost telephone"})
    row = row_after(employees, ENGAGED, ended)
    assert row["sessions_after"] == told("employee", ENGAGED, ended)[1].time
