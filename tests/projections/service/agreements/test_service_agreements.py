"""The row of a service agreement: its versions, from when it is in force, and until when."""

from datetime import date
from typing import Any

from projections.service.agreements.service_agreements import service_agreements
from tests.projections.folding import row_after

SUBMITTED = (
    "submitted",
    {
        "route": [{"level": "province", "unit": "gd", "limit": "20"}],
        "rule": "agreement-authority",
        "rule_version": 1,
        "note": None,
    },
)
APPROVED = ("approved", {"level": "province", "note": None})


def clause(measure: str) -> dict[str, Any]:
    return {"code": measure, "measure": measure}


def drafted(until: str | None = "2027-12-31") -> tuple[str, dict[str, Any]]:
    told: dict[str, Any] = {"customer_id": "c", "unit": "gd-gz", "name": "SLA", "until": until}
    told |= {"contract_number": None, "notice_hours": 72, "valid_from": "2026-01-01"}
    return "drafted", {**told, "clauses": [clause("response"), clause("availability")]}


AMENDED = ("amendment-drafted", {"clauses": [clause("restore-mean")], "valid_from": "2027-01-01"})


def test_a_row_tells_from_when_an_agreement_is_in_force_and_how_far_its_latest_version_is() -> None:
    waiting = row_after(service_agreements, drafted(), SUBMITTED)
    assert (waiting["status"], waiting["awaits"], waiting["awaits_unit"]) == (
        *("submitted", "province", "gd"),
    )
    assert (waiting["in_force_from"], waiting["over_on"]) == (None, date(2028, 1, 1))
    approved = row_after(service_agreements, drafted(), SUBMITTED, APPROVED)
    assert (approved["in_force_from"], approved["awaits"]) == (date(2026, 1, 1), None)
    amended = row_after(service_agreements, drafted(), SUBMITTED, APPROVED, AMENDED)
    assert (amended["status"], amended["approved_level"]) == ("drafted", None)
    assert (amended["in_force_from"], amended["counts_from"]) == (
        *(date(2026, 1, 1), date(2027, 1, 1)),
    )
    assert [each["approved_on"] is not None for each in amended["versions"]] == [True, False]
    assert (approved["measures"], amended["measures"]) == (
        *(["availability", "response"], ["restore-mean"]),
    )


def test_a_revised_draft_tells_what_it_tells_now() -> None:
    revised = ("draft-revised", {"clauses": [clause("resolution")], "valid_from": None})
    row = row_after(service_agreements, drafted(), revised)
    assert (row["measures"], row["counts_from"]) == (["resolution"], date(2026, 1, 1))
    assert len(row["versions"]) == 1


def test_an_agreement_is_over_when_it_was_ended_or_after_its_last_day() -> None:
    ended = ("ended", {"reason": "Replaced", "on": "2026-01-03"})
    for until, over_on in (
        ("2027-12-31", date(2026, 1, 3)),
        (None, date(2026, 1, 3)),
        ("2026-01-01", date(2026, 1, 2)),
    ):
        row = row_after(service_agreements, drafted(until), SUBMITTED, APPROVED, ended)
        assert (row["over_on"], row["ended_on"]) == (over_on, date(2026, 1, 3))
        assert (row["status"], row["close_reason"]) == ("ended", "Replaced")
