"""The business day, in both ways to run: a moment counts to the day that it is in Beijing."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.storage.databases import writing
from adapters.storage.instants import EPOCH
from adapters.storage.journal_tables import events, head
from domain.kernel.time.business_day import ZONE, count_in, today
from tests.adapters.storage.test_zones import of_before
from tests.api.asking import problem, register
from tests.api.command_line import keyline
from tests.api.conftest import KEY, serving
from tests.api.modes import administrator, running, system

__all__ = ["running", "system"]

AT = "2026-02-28T18:00:00Z"

PATIENCE = 1000
"""How often it is asked whether policies have done their part."""
"""In Beijing it is two in the morning of the first of March."""


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """Go on afterwards where the tests are."""
    yield
    count_in(ZONE)


def opened(client: httpx.Client, **more: Any) -> dict[str, Any]:
    """Open a ticket of a customer of its own; returns the answer."""
    customer = register(client, registered_on="2026-03-01")["id"]
    body = {"customer_id": customer, "kind": "fault", "severity": "minor", "channel": "web"}
    answer = client.post("/service-tickets", json=body | {"title": "x", "unit": "group"} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    here = f"/service-tickets/{found['id']}"
    seen = {"min_position": found["position"]}
    for _ in range(PATIENCE):  # until it has its terms, which a policy sets
        if client.get(here, params=seen).json()["priority"]:
            return found
    raise AssertionError("no terms were set")


def ask(client: httpx.Client, path: str, **params: Any) -> Any:
    """Read; returns what is told."""
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counted(client: httpx.Client, by: str, **params: Any) -> dict[str, int]:
    """Return how many tickets were opened, by period."""
    asked = {"by": by, "measures": "opened"} | params
    rows = ask(client, "/reports/tickets", **asked)["rows"]
    return {row[by]: row["opened"] for row in rows}


def ids(client: httpx.Client, **params: Any) -> list[str]:
    """Return the ids of tickets that are listed."""
    return [row["id"] for row in ask(client, "/service-tickets", **params)["items"]]


@contextmanager
def served(data: Path) -> Iterator[httpx.Client]:
    """Run a server over a data folder and give the administrator's client."""
    settings = Settings(data=data, port=0, admin_key=KEY)
    with serving(settings) as address:
        port = int(address.rpartition(":")[2])
        with administrator(dataclasses.replace(settings, port=port)) as client:
            yield client


def forget(data: Path) -> None:
    """Remove what is made of the journal."""
    for file in (*data.glob("rows.db*"), *data.glob("warehouse*")):
        shutil.rmtree(file) if file.is_dir() else file.unlink()


def test_a_fault_at_night_counts_to_the_month_that_it_is_here(running: httpx.Client) -> None:
    made = opened(running, at=AT)
    ticket, seen = f"/service-tickets/{made['id']}", {"min_position": made["position"]}
    assert counted(running, "month", **seen) == {"2026-03": 1}
    assert counted(running, "day", **seen) == {"2026-03-01": 1}
    assert counted(running, "month", to="2026-02-28", **seen) == {}
    assert counted(running, "month", **{"from": "2026-03-01"}, **seen) == {"2026-03": 1}
    assert ids(running, valid_at="2026-02-28", **seen) == []
    assert ids(running, valid_at="2026-03-01", **seen) == [made["id"]]
    assert running.get(ticket, params={"valid_at": "2026-02-28"}).status_code == 404
    assert ask(running, ticket, valid_at="2026-03-01")["opened_at"] == AT
    assert ids(running, opened_at_to="2026-02-28", **seen) == []
    assert ids(running, opened_at_from="2026-03-01", opened_at_to="2026-03-01", **seen) != []
    event, *_ = ask(running, f"{ticket}/history")["items"]  # then its terms, which a policy sets
    assert event["effective"] == "2026-03-01"
    late = ask(running, "/late-entries", valid_at="2026-02-28", since=1, aggregate="service-ticket")
    assert late["items"] == []
    link = ask(running, "/reports/tickets", by="month", measures="opened")["rows"][0]["explain"]
    assert [item["id"] for item in ask(running, link)["items"]] == [made["id"]]


def test_what_states_no_day_is_of_today_where_the_business_is(running: httpx.Client) -> None:
    made = register(running)
    seen = {"min_position": made["position"]}
    before = today()
    row = ask(running, f"/customers/{made['id']}", **seen)
    assert row["registered_on"] in {f"{before}", f"{today()}"}
    path, ahead = f"/customers/{made['id']}/activate", today() + timedelta(days=2)
    problem(running.post(path, json={"effective": f"{ahead}"}), 409, "future-fact")
    for name in ("as_of", "valid_at"):
        answer = running.get("/customers", params={name: f"{ahead}"})
        problem(answer, 422, "invalid-parameter")


def test_as_of_a_day_means_its_end_where_the_business_is(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        made = opened(client)
    url = Settings(data=tmp_path).journal_url
    journal = Journal(url)
    opening = (datetime.fromisoformat(AT) - EPOCH) // timedelta(microseconds=1)
    with writing(journal.engine).begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER events_are_kept_from_update")
        shift = (
            opening
            - connection.scalars(
                sa.select(events.c.time_us).where(events.c.position == made["position"])
            ).one()
        )
        day = 86_400_000_000
        connection.execute(events.update().values(time_us=events.c.time_us + shift - day))
        at = events.c.position >= made["position"]
        connection.execute(events.update().where(at).values(time_us=opening))
        connection.execute(head.update().values(time_us=opening))
    journal.close()
    forget(tmp_path)
    with served(tmp_path) as client:
        seen = {"min_position": made["position"]}
        assert ids(client, as_of="2026-02-28", **seen) == []
        assert ids(client, as_of="2026-03-01", **seen) == [made["id"]]
        assert counted(client, "month", as_of="2026-02-28", **seen) == {}
        assert counted(client, "month", as_of="2026-03-01", **seen) == {"2026-03": 1}
        ticket = f"/service-tickets/{made['id']}"
        assert client.get(ticket, params={"as_of": "2026-02-28"}).status_code == 404
        assert ask(client, ticket, as_of="2026-03-01")["opened_at"] == AT


def test_a_journal_written_by_days_of_utc_keeps_them_in_everything(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        old = opened(client, at=AT)
    journal = Journal(Settings(data=tmp_path).journal_url)
    of_before(journal)
    journal.close()
    forget(tmp_path)  # the days of a program that had the zone already
    with served(tmp_path) as client:
        new = opened(client, at=AT)
        seen = {"min_position": new["position"]}
        assert counted(client, "month", **seen) == {"2026-02": 1, "2026-03": 1}
        assert ids(client, valid_at="2026-02-28", **seen) == [old["id"]]
        assert {*ids(client, valid_at="2026-03-01", **seen)} == {old["id"], new["id"]}
        for made, day in ((old, "2026-02-28"), (new, "2026-03-01")):
            event, *_ = ask(client, f"/service-tickets/{made['id']}/history")["items"]
            assert event["effective"] == day
    checked = keyline(tmp_path, "replay", "--check")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("; 0 differ.") == 4


def test_a_zone_that_is_none_or_another_is_refused_in_words(tmp_path: Path) -> None:
    data = tmp_path / "data"
    refused = keyline(data, "serve", zone="Beijing")
    assert refused.returncode == 2
    named = f"KEYLINE_ZONE is the name of a time zone, as in {ZONE}, not 'Beijing'."
    assert named in refused.stderr
    assert not data.exists()
    data.mkdir(mode=0o700)
    journal = Journal(Settings(data=data).journal_url)
    journal.create("Europe/Berlin")
    journal.close()
    written = (data / "journal.db").read_bytes()
    refused = keyline(data, "serve", port="0")
    assert refused.returncode == 1
    assert f"days in Europe/Berlin, KEYLINE_ZONE is {ZONE}" in refused.stderr
    assert (data / "journal.db").read_bytes() == written
