"""The team row: who is in it, for whom, and whether it is still there."""

from projections.organisation.teams import teams
from tests.projections.folding import row_after

FORMED = ("formed", {"name": "Bank", "unit": "gd", "purpose": "One face", "customer_id": "c"})


def test_members_have_the_role_they_were_given_last() -> None:
    row = row_after(
        teams,
        FORMED,
        ("renamed", {"name": "银行"}),
        ("member-added", {"employee": "li.wei", "role": "sales"}),
        ("member-added", {"employee": "li.wei", "role": "lead"}),
        ("member-added", {"employee": "chen.jing", "role": "solution"}),
        ("member-removed", {"employee": "chen.jing"}),
    )
    assert (row["name"], row["customer_id"], row["state"]) == ("银行", "c", "active")
    assert row["members"] == {"li.wei": "lead"}


def test_a_dissolved_team_keeps_its_row() -> None:
    assert row_after(teams, FORMED, ("dissolved", {"reason": "Done"}))["state"] == "dissolved"
