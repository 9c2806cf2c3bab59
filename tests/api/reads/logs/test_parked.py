"""Parked events over HTTP: shown with their reason, tried again, passed over."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from adapters.journal.journal import Journal
from adapters.settings import Settings
from domain.kernel.aggregate import Origin, Stored, new_id
from tests.api.asking import problem, register
from tests.api.conftest import KEY, serving
from tests.streams.flow import until


def test_an_event_that_no_row_can_take_is_shown_and_passed_over(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
    ):
        stream = new_id()
        journal = Journal(settings.journal_url)
        with journal.transaction() as transaction:
            poison = Stored(stream, 1, "customer.registered", 1, b"{}")
            transaction.append([poison], Origin("test", "gd", new_id()))
            transaction.end_unit()
        journal.close()
        after = register(client)
        ask = {"min_position": after["position"]}
        assert client.get(f"/customers/{after['id']}", params=ask).status_code == 200
        assert client.get("/reports/customers", params=ask).status_code == 200
        models = ["customers", "history_customers"]
        items = client.get("/parked").json()["items"]
        assert sorted(each["model"] for each in items) == models
        for found in items:
            assert (found["stream"], found["version"]) == (stream, 1)
            assert found["error"].startswith("KeyError")
        told = client.get("/readyz").json()["parked"]
        assert sorted(told, key=str) == [{"model": model} for model in models]
        for model in models:
            place = f"/parked/{model}/{stream}"
            assert client.post(f"{place}/retry").json() == {"parked": 1}
            assert client.post(f"{place}/skip").json() == {"parked": 0}
        shown = client.get("/parked").json()
        passed = shown.pop("passed_over")
        assert (shown, client.get("/readyz").json()["parked"]) == ({"items": []}, [])
        assert sorted(each["model"] for each in passed) == models
        assert all(each["error"].startswith("KeyError") for each in passed)
        assert "keyline_passed_over 2.0" in client.get("/metrics").text
        problem(client.post(f"{place}/skip"), 404, "unknown-id")
        known = {"as_of": datetime.now(UTC).isoformat()}
        assert client.get(f"/customers/{stream}", params=known).json()["version"] == 1
        for model in models:
            assert client.post(f"/parked/{model}/{stream}/retry").json() == {"parked": 1}
        shown = client.get("/parked").json()
        assert (len(shown["items"]), shown["passed_over"]) == (2, [])
        problem(client.get(f"/customers/{stream}", params=known), 404, "unknown-id")
        problem(client.post(f"/parked/customers/{new_id()}/retry"), 404, "unknown-id")
        problem(client.get(f"{place}/retry"), 405, "method-not-allowed")

        with sqlite3.connect(tmp_path / "rows.db") as rows:
            rows.execute("UPDATE parked SET model = 'policy:former' WHERE model = 'customers'")
        for what in ("retry", "skip"):
            answer = problem(
                client.post(f"/parked/policy:former/{stream}/{what}"), 404, "unknown-id"
            )
            assert answer["detail"].startswith("This program has no policy:former")


def test_an_event_that_cannot_be_read_is_shown_reported_and_stops_nobody(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
    ):
        id = register(client)["id"]
        journal = Journal(settings.journal_url)
        with journal.transaction() as transaction:
            poison = Stored(id, 2, "customer.regraded", 1, b"no JSON")
            transaction.append([poison], Origin("test", "gd", new_id()))
            transaction.end_unit()
        journal.close()
        after = register(client)
        ask = {"min_position": after["position"]}
        assert client.get(f"/customers/{after['id']}", params=ask).json()["version"] == 1
        assert client.get(f"/customers/{id}").json()["version"] == 1
        reason = {"reason": "bankrupt"}
        problem(client.post(f"/customers/{id}/close", json=reason), 409, "record-unreadable")
        assert client.post(f"/customers/{after['id']}/close", json=reason).status_code == 200
        body = {"title": "IDC", "unit": "group", "customer_id": id}
        problem(client.post("/opportunities", json=body), 409, "record-unreadable")

        [_, shown] = client.get(f"/customers/{id}/history", params=ask).json()["items"]
        assert (shown["data"], shown["raw"]) == (None, "no JSON")
        assert shown["unreadable"].startswith("JSONDecodeError")
        lines = client.get("/events", params={"stream": id}).text.splitlines()
        assert json.loads(lines[-1]).items() <= shown.items()

        then = {"as_of": datetime.now(UTC).isoformat()}
        assert client.get(f"/customers/{after['id']}", params=then).status_code == 200
        assert client.get("/customers", params=then).status_code == 200
        models = ["customers", "facts", "history_customers"]
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert sorted(each["model"] for each in answer.json()["parked"]) == models
        assert "keyline_parked 3.0" in client.get("/metrics").text
        items = client.get("/parked").json()["items"]
        assert sorted(each["model"] for each in items) == models
        for model in models:
            assert client.post(f"/parked/{model}/{id}/retry").json() == {"parked": 1}
        for model in models:
            assert client.post(f"/parked/{model}/{id}/skip").json() == {"parked": 0}
        assert client.get("/readyz").json()["parked"] == []
        assert client.get(f"/customers/{id}").json()["version"] == 2


def test_a_deadline_that_fails_for_a_record_is_shown_tried_again_and_passed_over(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
    ):
        stream, customer_id = new_id(), register(client)["id"]
        journal = Journal(settings.journal_url)
        with journal.transaction() as transaction:
            transaction.append(overdue(stream, customer_id), Origin("test", "gd", new_id()))
            transaction.end_unit()
        journal.close()
        place = {"model": "deadline:service-ticket.end-wait"}
        until(lambda: place in client.get("/readyz").json()["parked"])
        found = client.get("/parked").json()["items"]
        (shown,) = (each for each in found if place.items() <= each.items())
        assert (shown["stream"], shown["version"]) == (stream, 2)
        cause = f"RecordUnreadable: Event 3 (service-ticket.closed) of {stream} cannot be read."
        assert shown["error"] == cause
        assert shown["event"]["type"] == "service-ticket.wait-begun"
        path = f"/parked/{place['model']}/{stream}"
        assert client.post(f"{path}/retry").json() == {"parked": 1}
        assert client.post(f"{path}/skip").json() == {"parked": 0}
        assert place not in client.get("/readyz").json()["parked"]
        passed = client.get("/parked").json()["passed_over"]
        assert [each["model"] for each in passed] == [place["model"]]
        assert client.post(f"{path}/retry").json() == {"parked": 1}
        problem(client.post(f"/parked/deadline:none/{stream}/retry"), 404, "unknown-id")


def overdue(stream: str, customer_id: str) -> list[Stored]:
    """Return the life of a ticket whose wait is over, and which cannot be read."""
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    at = {"at": begun.isoformat()}
    opened = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down", **at}
    opened |= {"customer_id": customer_id, "description": "", "unit": "group", "level": "local"}
    waits = {"awaited": "a key", "until": (begun + timedelta(hours=1)).isoformat(), **at}
    life = [("opened", json.dumps(opened | {"contact": None}))]
    life += [("wait-begun", json.dumps(waits)), ("closed", "no JSON")]
    return [
        Stored(stream, version, f"service-ticket.{name}", 1, data.encode())
        for version, (name, data) in enumerate(life, 1)
    ]
