"""Deadlines are found where they stand, and need an instant that is indexed."""

from collections.abc import Iterator

import pytest

from projections.kernel.read_model import Row
from projections.service.service_tickets import service_tickets
from streams.kernel.deadline import deadline, deadlines
from streams.kernel.policy import Wish, policies


def nothing(row: Row) -> Iterator[Wish]:
    yield Wish("service-ticket.close", row["id"])


def test_deadlines_are_found_where_aggregates_and_files_declare_them() -> None:
    found = deadlines()["service-ticket.end-wait"]
    assert (found.rows, found.at) == (service_tickets, "end_wait_at")
    assert list(found.decide({"id": "t1"})) == [Wish("service-ticket.end-wait", "t1")]


def test_no_deadline_is_called_as_another_one_or_a_policy() -> None:
    assert not deadlines().keys() & policies().keys()


@pytest.mark.parametrize(
    ("at", "lacking"),
    [("nowhere", "an instant"), ("title", "an instant"), ("resolved_at", "an index")],
)
def test_a_column_that_no_deadline_can_watch_is_told_by_name(at: str, lacking: str) -> None:
    with pytest.raises(ValueError, match=f"The deadline nothing needs {lacking}.*'{at}'"):
        deadline(rows=service_tickets, at=at)(nothing)
