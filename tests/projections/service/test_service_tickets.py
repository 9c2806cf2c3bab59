"""The service ticket row: what counts on the clock and what does not."""

from datetime import UTC, datetime
from typing import Any

from projections.kernel.lists.list_filters import filters
from projections.kernel.lists.list_query import fields, sortable
from projections.service.service_tickets import service_tickets
from tests.projections.folding import row_after

OPENED: dict[str, Any] = {
    "customer_id": "c",
    "kind": "fault",
    "severity": "major",
    "channel": "hotline",
    "title": "专线中断",
    "description": "",
    "unit": "gd-gz",
    "level": "local",
    "contact": None,
}


def at(hour: int, minute: int = 0, **data: Any) -> dict[str, Any]:
    return {**data, "at": f"2026-03-02T{hour:02}:{minute:02}:00Z"}


def worked(*more: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return row_after(
        service_tickets,
        ("opened", OPENED | at(8)),
        ("assigned", at(8, 10, owner="e-1")),
        ("accepted", at(8, 30, owner="e-1")),
        ("wait-begun", at(9, awaited="access to the room")),
        ("resumed", at(11)),
        ("resolved", at(12, cause="fibre cut", action="spliced")),
        *more,
    )


def test_times_are_net_of_waiting_for_the_customer() -> None:
    row = worked()
    assert row["response_seconds"] == 30 * 60
    assert row["waiting_seconds"] == 2 * 3600
    assert row["resolution_seconds"] == 2 * 3600
    assert row["resolved_at"] == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert (row["running_since"], row["waiting_since"]) == (None, None)


def test_a_ticket_has_the_moment_until_which_it_waits_as_long_as_it_does() -> None:
    begun = (
        ("opened", OPENED | at(8)),
        ("accepted", at(8, owner="e-1")),
        ("wait-begun", at(9, awaited="access", until="2026-03-02T11:00:00Z")),
    )
    assert row_after(service_tickets, *begun)["wait_until"] == datetime(2026, 3, 2, 11, tzinfo=UTC)
    over = row_after(service_tickets, *begun, ("resumed", at(11, due_at="2026-03-02T11:00:00Z")))
    assert (over["wait_until"], over["waiting_seconds"]) == (None, 2 * 3600)


def test_the_clock_of_a_reopened_ticket_runs_on_from_where_it_stood() -> None:
    reopened = ("reopened", at(14, reason="again"))
    row = worked(reopened)
    assert (row["status"], row["reopened"], row["resolution_seconds"]) == ("assigned", 1, None)
    again = ("resolved", at(15, cause="connector", action="replaced"))
    row = worked(reopened, ("accepted", at(14, 30, owner="e-1")), again)
    assert row["resolution_seconds"] == 3 * 3600
    assert row["response_seconds"] == 30 * 60


def test_a_ticket_withdrawn_while_it_waits_ends_its_wait() -> None:
    row = row_after(
        service_tickets,
        ("opened", OPENED | at(8)),
        ("accepted", at(9, owner="e-1")),
        ("wait-begun", at(10, awaited="x")),
        ("withdrawn", at(12, reason="solved itself")),
    )
    assert (row["waiting_seconds"], row["worked_seconds"]) == (2 * 3600, 2 * 3600)
    assert row["closed_at"] == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_transferred_ticket_has_no_owner() -> None:
    row = row_after(
        service_tickets,
        ("opened", OPENED),
        ("assigned", {"owner": "e-1"}),
        ("transferred", {"unit": "gd", "level": "province", "reason": "backbone"}),
    )
    assert (row["owner"], row["unit"], row["level"], row["status"]) == (
        None,
        "gd",
        "province",
        "open",
    )


def test_satisfaction_is_that_of_the_last_confirmation() -> None:
    row = worked(("confirmed", at(13, satisfaction=4)), ("closed", at(13, 30)))
    assert (row["satisfaction"], row["status"]) == (4, "closed")


def test_no_list_is_filtered_or_sorted_by_what_is_sealed_in_its_rows() -> None:
    assert "contact" in fields(service_tickets)
    assert "contact" not in {*filters(service_tickets), *sortable(service_tickets)}


def test_outages_and_relations_are_as_they_were_told_last() -> None:
    lost = {"product_in_use_id": "p", "since": "2026-03-02T01:00:00Z", "until": None}
    ended = {**lost, "until": "2026-03-02T02:00:00Z"}
    begun = {**ended, "since": "2026-03-02T00:50:00Z"}
    row = row_after(
        service_tickets,
        ("opened", OPENED),
        ("outage-recorded", lost),
        ("outage-recorded", {**lost, "product_in_use_id": "q"}),
        ("service-restored", ended),
        ("outage-corrected", {**begun, "recorded": lost["since"], "reason": "log"}),
        ("related", {"ticket_id": "t", "relation": "cause"}),
    )
    assert row["outages"] == [begun, {**lost, "product_in_use_id": "q"}]
    assert row["related"] == [{"ticket_id": "t", "as": "cause"}]
