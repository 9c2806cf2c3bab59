"""Late facts: each is told with its days, counts once, and loses nothing that was known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.faults.fresh import Fresh, id_of


@pytest.fixture(scope="module")
def customer(keyline: Fresh) -> str:
    """A customer of grade B from March 2025, A from September, and told late: C from May."""
    path = keyline.customer("Steel", grade="B", registered_on="2025-03-01")
    keyline.do(f"{path}/regrade", grade="A", reason="grown", effective="2025-09-01")
    keyline.do(f"{path}/regrade", grade="C", reason="shrunk", effective="2025-05-01")
    return path


@pytest.fixture
def sale(keyline: Fresh, customer: str) -> str:
    """A sale that was opened in April 2025 for an expected 700."""
    return keyline.sale(customer_id=id_of(customer), opened_on="2025-04-01", amount="700.00")


@pytest.fixture
def campaign(keyline: Fresh) -> str:
    """A campaign that was planned in March 2025 and has cost 100."""
    plan: dict[str, Any] = {"name": "Spring", "goal": "x", "kind": "care", "units": ["group"]}
    plan |= {"budget": "100.00", "starts_on": "2025-03-01", "ends_on": "2025-12-01"}
    path = keyline.make("/campaigns", **plan, effective="2025-03-01")
    keyline.do(f"{path}/record-cost", amount="100.00", purpose="x", effective="2025-03-02")
    return path


def test_a_history_tells_what_a_late_fact_changed_on_which_days(
    keyline: Fresh, customer: str
) -> None:
    told = keyline.ask(f"{customer}/history", field="grade")["items"]
    assert [each["type"].partition(".")[2] for each in told] == [
        *("registered", "regraded", "regraded")
    ]
    assert told[1]["sentence"].endswith('from B to A, because "grown", effective 2025-09-01.')
    assert told[2]["sentence"].endswith(
        'from B to C, because "shrunk", effective 2025-05-01 until 2025-08-31.'
    )
    days = {"valid_from": "2025-05-01", "valid_to": "2025-08-31"}
    assert told[2]["changes"] == [{"field": "grade", "before": "B", "after": "C", **days}]


def test_an_export_has_the_states_of_days_that_were_told_late(
    keyline: Fresh, customer: str
) -> None:
    keyline.ask("/reports/customers")  # the warehouse has all
    folder = keyline.data.parent / "export"
    done = keyline.run("export", str(folder))
    assert done.returncode == 0, done.stderr
    first, second, third = (each["position"] for each in _history(keyline, customer))
    states = [
        (
            *(row["known_from_position"], row["known_to_position"], row["grade"]),
            *(str(row["valid_from"]), str(row["valid_to"])),
        )
        for row in pq.read_table(folder / "history_customers.parquet").to_pylist()
        if row["id"] == id_of(customer)
    ]
    assert sorted(states, key=str) == [
        (first, second, "B", "2025-03-01", "None"),
        (second, third, "A", "2025-09-01", "None"),
        (second, third, "B", "2025-03-01", "2025-08-31"),
        (third, None, "A", "2025-09-01", "None"),
        (third, None, "B", "2025-03-01", "2025-04-30"),
        (third, None, "C", "2025-05-01", "2025-08-31"),
    ]
    _is_described(folder, keyline.position)


def _history(keyline: Fresh, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = keyline.ask(f"{path}/history")["items"]
    return found


def _is_described(folder: Path, position: int) -> None:
    """Check what lies beside the files of an export."""
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["position"] == position
    assert manifest.keys() >= {"as_of", "employee", "masked", "rows"}
    words = json.loads((folder / "dictionary.json").read_text())
    files = {each.stem: pq.read_schema(each).names for each in folder.glob("*.parquet")}
    assert {name: list(table["columns"]) for name, table in words.items()} == files
    assert not {"in_force", "search", "name_key"}.intersection(*files.values())


def test_a_sale_that_is_linked_to_a_campaign_twice_counts_once(
    keyline: Fresh, sale: str, campaign: str
) -> None:
    keyline.do(f"{sale}/win", amount="1000.00", closed_on="2025-05-01")
    for day in ("2025-08-20", "2025-08-15"):
        link = {"opportunity_id": id_of(sale), "effective": day}
        keyline.do(f"{campaign}/link-opportunity", **link)
    assert keyline.ask(campaign)["opportunities"] == [id_of(sale)]
    assert keyline.ask(campaign, valid_at="2025-08-15")["opportunities"] == [id_of(sale)]
    (row,) = keyline.ask("/reports/campaigns", campaign=id_of(campaign))["rows"]
    assert (row["orders"], row["won_amount"], row["roi"]) == (1, "1000.00", 9.0)


def test_a_competitor_that_is_told_twice_is_there_once(keyline: Fresh, sale: str) -> None:
    for day in ("2025-06-20", "2025-06-15"):
        keyline.do(f"{sale}/add-competitor", competitor="Unicom", effective=day)
    assert keyline.ask(sale)["competitors"] == ["Unicom"]
    assert keyline.ask(sale, valid_at="2025-06-15")["competitors"] == ["Unicom"]


def test_a_target_that_is_added_and_removed_twice_counts_once(
    keyline: Fresh, customer: str, campaign: str
) -> None:
    for command, days in (
        ("add-targets", ("2025-05-20", "2025-05-10")),
        ("remove-targets", ("2025-07-20", "2025-07-10")),
    ):
        for day in days:
            body = {"customer_ids": [id_of(customer)], "effective": day}
            keyline.do(f"{campaign}/{command}", **body)
    counts = {
        day: keyline.ask(campaign, valid_at=day)["targets"]
        for day in ("2025-05-09", "2025-05-10", "2025-07-09", "2025-07-10", "2025-07-20")
    }
    assert list(counts.values()) == [0, 1, 1, 0, 0]
    assert keyline.ask(campaign)["targets"] == 0


def test_who_gained_a_customer_is_known_after_its_file_was_closed(keyline: Fresh) -> None:
    lost = keyline.customer("Lost", registered_on="2025-01-01")
    keyline.do(f"{lost}/activate", effective="2025-01-02")
    gained = {"reason": "competitor-offer", "competitor": "Unicom", "effective": "2025-02-01"}
    keyline.do(f"{lost}/lapse", **gained)
    keyline.do(f"{lost}/close", reason="gone", effective="2025-03-01")
    row = keyline.ask(lost)
    assert (row["state"], row["lost_to"]) == ("closed", "Unicom")
    report = keyline.ask("/reports/customers", by="lost_to", measures="customers")
    assert {row["lost_to"]: row["customers"] for row in report["rows"]}["Unicom"] == 1


def test_a_win_is_corrected_for_its_own_day_and_the_stages_stay(
    keyline: Fresh, customer: str
) -> None:
    begun = {"customer_id": id_of(customer), "opened_on": "2025-04-01", "amount": "700.00"}
    sale = keyline.sale(unit="js", **begun)
    keyline.do(f"{sale}/win", amount="900.00", closed_on="2025-07-01")
    fixed = {"amount": "950.00", "contract_number": "C-1", "closed_on": "2025-07-02"}
    keyline.do(f"{sale}/correct-win", reason="typo", **fixed)
    row = keyline.ask(sale)
    assert {name: row[name] for name in fixed} == fixed
    assert (row["status"], row["expected_amount"]) == ("won", "700.00")
    assert [each["stage"] for each in row["stages"]] == ["lead"]
    (sales,) = keyline.ask("/reports/sales", by="day", unit="js")["rows"]
    assert (sales["day"], sales["won"], sales["won_amount"]) == ("2025-07-02", 1, "950.00")
    (stages,) = keyline.ask("/reports/stages", unit="js")["rows"]
    assert (stages["entered"], stages["won"], stages["reopened"]) == (1, 1, 0)


def test_a_sale_that_is_reopened_has_the_amount_expected_before_and_two_new_changes(
    keyline: Fresh, sale: str
) -> None:
    keyline.do(f"{sale}/win", amount="900.00", closed_on="2025-07-01")
    keyline.do(f"{sale}/reopen", reason="undone", effective="2025-07-05")
    row = keyline.ask(sale)
    assert (row["amount"], row["expected_amount"], row["weighted_amount"]) == (
        *("700.00", "700.00", "70.00"),
    )
    changes = _history(keyline, sale)[-1]["changes"]
    assert [each["field"] for each in changes if each["field"].startswith("stages")] == [
        *("stages/lead/2/stage", "stages/lead/2/from"),
    ]
