"""Histories over HTTP: sentences, changes, reasons and causes, paged, filtered, in sight."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from domain.kernel.time.business_day import recorded_day
from tests.api.asking import problem, register
from tests.api.command_line import keyline
from tests.api.conftest import KEY, serving


def history(client: httpx.Client, path: str, **ask: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{path}/history", params=ask)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture
def customer(client: httpx.Client) -> str:
    """A customer that was regraded twice, once for an earlier day, and has a contact."""
    path = f"/customers/{register(client, name='Guangzhou Steel', grade='B')['id']}"
    regrade = {"grade": "A", "reason": "revenue doubled"}
    client.post(f"{path}/add-contact", json={"name": "Zhang Min", "phone": "+86 20 1234 5678"})
    assert client.post(f"{path}/regrade", json=regrade).is_success
    details = {"region": "Guangdong", "annual_revenue": "1250000.00"}
    assert client.post(f"{path}/correct-details", json=details).is_success
    return path


def test_an_event_is_told_in_a_sentence_with_what_it_changed_and_why(
    client: httpx.Client, customer: str
) -> None:
    registered, contact, regraded, corrected = history(client, customer)
    who = "Administrator (admin)"
    assert registered["sentence"].startswith(f'{who} registered the customer "Guangzhou Steel" at ')
    assert contact["sentence"] == f"{who} added Zhang Min as a contact."
    assert [each["after"] for each in contact["changes"]] == ["Zhang Min", "+86 20 1234 5678"]
    said = f'{who} regraded the customer from B to A, because "revenue doubled".'
    assert (regraded["sentence"], regraded["why"]) == (said, "revenue doubled")
    today = f"{recorded_day(datetime.fromisoformat(regraded['time']))}"
    assert regraded["changes"] == [
        {"field": "grade", "before": "B", "after": "A", "valid_from": today, "valid_to": None}
    ]
    assert regraded["because"] is None
    assert regraded["effective"] == today
    said = f"{who} corrected the details: region is Guangdong; annual revenue is 1,250,000.00."
    assert corrected["sentence"] == said


def test_an_event_tells_the_day_from_which_it_holds(client: httpx.Client) -> None:
    path = f"/customers/{register(client, name='Late Steel', registered_on='2025-01-10')['id']}"
    regrade = {"grade": "A", "reason": "moved up", "effective": "2025-03-01"}
    assert client.post(f"{path}/regrade", json=regrade).is_success
    assert [each["effective"] for each in history(client, path)] == ["2025-01-10", "2025-03-01"]


def test_an_auditor_asks_who_changed_a_field(client: httpx.Client, customer: str) -> None:
    found = history(client, customer, field="grade")
    assert [each["type"] for each in found] == ["customer.registered", "customer.regraded"]
    assert [each["type"] for each in history(client, customer, field="phone")] == [
        "customer.contact-added"
    ]
    assert [each["version"] for each in history(client, customer, type="regraded")] == [3]
    assert [each["version"] for each in history(client, customer, actor="admin")] == [1, 2, 3, 4]
    ghost = client.get(f"{customer}/history", params={"actor": "ghost"})
    assert problem(ghost, 422, "invalid-parameter")["errors"][0]["parameter"] == "actor"
    assert history(client, customer, to="2001-01-01") == []
    third = history(client, customer, type="customer.regraded")[0]["time"]
    assert [each["version"] for each in history(client, customer, **{"from": third})] == [3, 4]
    problem(client.get(f"{customer}/history?from=soon"), 422, "invalid-parameter")


def test_a_history_is_paged(client: httpx.Client, customer: str) -> None:
    link, seen = f"{customer}/history?limit=3", []
    while link:
        answer = client.get(link)
        seen += [each["version"] for each in answer.json()["items"]]
        link = answer.links.get("next", {}).get("url", "")
    assert seen == [1, 2, 3, 4]


def test_a_history_begins_with_the_newest_where_that_is_asked_for(
    client: httpx.Client, customer: str
) -> None:
    link, seen = f"{customer}/history?limit=3&sort=-position", []
    while link:
        answer = client.get(link)
        seen += [(each["version"], each["sentence"]) for each in answer.json()["items"]]
        link = answer.links.get("next", {}).get("url", "")
    assert seen == [(e["version"], e["sentence"]) for e in history(client, customer)][::-1]
    assert [version for version, _ in seen] == [4, 3, 2, 1]
    newest = history(client, customer, sort="-position", field="grade")
    assert newest == history(client, customer, field="grade")[::-1]
    problem(client.get(f"{customer}/history?sort=-time"), 422, "invalid-parameter")


def test_a_late_fact_tells_of_which_days_it_changed_what_was_known(
    client: httpx.Client,
) -> None:
    path = f"/customers/{register(client, grade='B', registered_on='2026-03-01')['id']}"
    first = {"grade": "A", "reason": "x", "effective": "2026-09-01"}
    assert client.post(f"{path}/regrade", json=first).is_success
    late = {"grade": "C", "reason": "y", "effective": "2026-05-01"}
    assert client.post(f"{path}/regrade", json=late).is_success
    _, told, later = history(client, path, field="grade")
    assert told["sentence"].endswith('from B to A, because "x", effective 2026-09-01.')
    said = 'regraded the customer from B to C, because "y", effective 2026-05-01 until 2026-08-31.'
    assert later["sentence"].endswith(said)
    days = {"valid_from": "2026-05-01", "valid_to": "2026-08-31"}
    assert later["changes"] == [{"field": "grade", "before": "B", "after": "C", **days}]


def test_of_a_person_who_was_erased_no_sentence_tells_anything(
    client: httpx.Client, customer: str
) -> None:
    added = history(client, customer, type="contact-added")[0]
    body = {"contact_id": added["data"]["contact_id"], "reason": "asked", "legal_basis": "PIPL 47"}
    assert client.post(f"{customer}/erase-contact", json=body).is_success
    answer = client.get(f"{customer}/history")
    assert "Zhang Min" not in answer.text
    assert "1234 5678" not in answer.text
    assert "sealed:" not in answer.text
    said = [each["sentence"] for each in answer.json()["items"]]
    assert said[1] == "Administrator (admin) added a person as a contact."
    assert said[-1].startswith("Administrator (admin) erased a person from the contacts, because")


@contextmanager
def client_of(settings: Settings) -> Iterator[httpx.Client]:
    """Give a client of a server that is stopped again."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False) as client,
    ):
        yield client


def test_a_history_is_printed_on_the_command_line(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with client_of(settings) as client:
        id_ = register(client, name="Steel", grade="B")["id"]
        client.post(f"/customers/{id_}/add-contact", json={"name": "Zhang Min"})
        done = client.post(f"/customers/{id_}/regrade", json={"grade": "A", "reason": "more"})
        client.get("/customers", params={"min_position": done.json()["position"]})
    told = keyline(tmp_path, "history", "customer", id_)
    assert told.returncode == 0, told.stderr
    registered, contact, regraded = told.stdout.splitlines()
    assert 'Administrator (admin) registered the customer "Steel" at ' in registered
    assert "added Zhang Min as a contact." in contact
    assert regraded.endswith('regraded the customer from B to A, because "more".')
    one = keyline(tmp_path, "history", "customers", id_, "--field", "grade").stdout.splitlines()
    assert [line.strip() for line in one[1::2]] == ["grade: nothing -> B", "grade: B -> A"]
    kept = (tmp_path / "keys.db").read_bytes()
    with client_of(settings) as client:
        person = next(iter(client.get(f"/customers/{id_}").json()["contacts"]))
        body = {"contact_id": person, "reason": "asked", "legal_basis": "PIPL 47"}
        assert client.post(f"/customers/{id_}/erase-contact", json=body).is_success
    (tmp_path / "keys.db").write_bytes(kept)  # as after a crash right behind the commit
    told = keyline(tmp_path, "history", "customer", id_)
    assert "Zhang Min" not in told.stdout
    assert "erased a person from the contacts" in told.stdout
    wrong = keyline(tmp_path, "history", "campaign", id_)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert f"There is no campaign {id_}." in wrong.stderr
