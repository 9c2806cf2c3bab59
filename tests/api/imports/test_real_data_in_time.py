"""The real sales data in time: each day is as in the files, explained, merged, undone, verified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from tests.api.asking import head, until_ready
from tests.api.command_line import keyline
from tests.api.conftest import KEY, serving
from tests.api.customers.test_customer_merges import until
from tests.api.sales_data import Desk, code, needs_the_data, office, table, won

pytestmark = needs_the_data

DAYS = ("2016-12-31", "2017-03-31", "2017-06-30", "2017-09-30", "2017-12-30")

Sums = dict[str, tuple[int, Decimal]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with all files imported."""
    folder = tmp_path_factory.mktemp("sales")
    desk = Desk(folder)
    desk.fill()
    desk.close()
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    """A client of a server with the data."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(Settings(data=folder, port=0, admin_key=KEY)) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as client,
    ):
        until_ready(client)
        yield client


def rows(client: httpx.Client, path: str, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(path, params={"min_position": str(head(client))} | asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def by_customer(client: httpx.Client, **asked: str) -> Sums:
    """Return what was won by customer, as the server reports it."""
    found = rows(client, "/reports/sales", by="customer", **asked)
    return {
        row["customer_name"]: (row["won"], Decimal(row["won_amount"]))
        for row in found
        if row["won"]
    }


def on(day: str, of: Callable[[Mapping[str, str]], str]) -> dict[str, int]:
    """Return how many deals were open at the end of a day, straight from the file."""
    count: dict[str, int] = defaultdict(int)
    for row in table("sales_pipeline"):
        if row["engage_date"] and row["engage_date"] <= day < (row["close_date"] or "9999"):
            count[of(row)] += 1
    return count


@pytest.mark.parametrize("day", DAYS)
def test_what_was_open_on_a_day_is_what_the_file_says(client: httpx.Client, day: str) -> None:
    units = office()
    found = rows(client, "/reports/pipeline", by="unit", measures="opportunities", valid_at=day)
    expected = on(day, lambda row: units[row["sales_agent"]])
    assert sum(expected.values()) > 0
    assert {row["unit"]: row["opportunities"] for row in found} == expected


@pytest.mark.parametrize("day", DAYS)
def test_a_list_of_a_day_counts_what_the_file_says(client: httpx.Client, day: str) -> None:
    asked = {"status": "open", "valid_at": day, "count": "exact", "limit": "1"}
    found = client.get("/opportunities", params=asked).json()
    assert found["count"] == sum(on(day, lambda row: "").values())


def test_what_an_agent_has_won_is_explained_by_the_deals_of_the_file(client: httpx.Client) -> None:
    expected = won(lambda row: code(row["sales_agent"]))
    found = rows(client, "/reports/sales", by="manager", measures="won,won_amount")
    assert {row["manager"] for row in found if row["won"]} == expected.keys()
    for row in found:
        items, asked = [], row["explain"] + "&limit=1000"
        while asked:
            answer = client.get(asked).json()
            items += answer["items"]
            asked = answer["next"] and f"{row['explain']}&limit=1000&cursor={answer['next']}"
        given = [each["contributions"] for each in items]
        amounts = [Decimal(each["won_amount"] or 0) for each in given]
        assert (sum(each["won"] for each in given), sum(amounts)) == expected[row["manager"]]


def test_two_accounts_merged_and_parted_again_have_what_the_file_gives_them(
    client: httpx.Client,
) -> None:
    expected = won(lambda row: row["account"])
    assert by_customer(client) == expected
    before = head(client)
    ids = {
        name: client.get("/customers", params={"q": name, "fields": "id"}).json()["items"][0]["id"]
        for name in ("Golddex", "Isdom")
    }
    body = {"survivor_id": ids["Golddex"], "duplicate_id": ids["Isdom"], "reason": "One company"}
    merge = client.post("/customer-merges", json=body).json()["id"]
    until(client, merge, "done")
    both = [expected[name] for name in ids]
    together = (sum(count for count, _ in both), sum((each for _, each in both), Decimal()))
    others = {name: sums for name, sums in expected.items() if name not in ids}
    assert by_customer(client) == others | {"Golddex": together}
    assert by_customer(client, as_of_position=str(before)) == expected
    client.post(f"/customer-merges/{merge}/reverse", json={"reason": "Two companies"})
    undone = until(client, merge, "reversed")
    assert (undone["kept"], undone["changed"], undone["conflicts"]) == ([], [], [])
    assert by_customer(client) == expected


def test_sealed_and_rebuilt_it_answers_the_same_and_is_what_was_recorded(
    client: httpx.Client, folder: Path
) -> None:
    def asked() -> list[Any]:
        then = {"by": "unit,month", "as_of_position": "20000"}
        return [rows(client, "/reports/sales", **then, valid_at=day) for day in DAYS]

    before = asked()
    assert any(before)
    for words in ("seal", "rebuild", "rebuild warehouse", "verify", "replay --check"):
        done = keyline(folder, *words.split())
        assert done.returncode == 0, done.stdout + done.stderr
    assert asked() == before
