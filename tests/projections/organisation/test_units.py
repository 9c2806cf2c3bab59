"""The unit row: where it stands and what took it over."""

from datetime import date

from projections.organisation.units import units
from tests.projections.folding import row_after

OPENED = (
    "opened",
    {
        "code": "gd-gz",
        "name": "广州",
        "english_name": None,
        "level": "network",
        "parent": "gd",
        "on": "2020-01-01",
    },
)


def test_an_open_unit_stands_below_another() -> None:
    row = row_after(
        units,
        OPENED,
        ("renamed", {"name": "广州分公司", "english_name": "Guangzhou"}),
        ("moved", {"parent": "gd-new", "reason": "New province"}),
    )
    assert (row["code"], row["name"], row["english_name"]) == ("gd-gz", "广州分公司", "Guangzhou")
    assert (row["parent"], row["state"], row["successor"]) == ("gd-new", "open", None)
    assert (row["opened_on"], row["ended_on"]) == (date(2020, 1, 1), None)


def test_a_merged_unit_names_the_one_that_took_it_over() -> None:
    row = row_after(units, OPENED, ("merged", {"into": "gd-fs", "reason": "x", "on": "2025-12-31"}))
    assert (row["state"], row["successor"]) == ("merged", "gd-fs")
    assert row["ended_on"] == date(2025, 12, 31)


def test_a_closed_unit_names_its_successor() -> None:
    row = row_after(units, OPENED, ("closed", {"successor": "gd", "reason": "x", "on": None}))
    assert (row["state"], row["successor"]) == ("closed", "gd")
