"""A running server keeps deadlines, and tells who did it, when it was due, and how late it is."""

from datetime import UTC, datetime, timedelta

import httpx

from tests.api.asking import register
from tests.streams.flow import until


def test_a_wait_that_is_over_ends_by_itself_and_history_says_so(client: httpx.Client) -> None:
    begun = (datetime.now(UTC) - timedelta(hours=2)).replace(microsecond=0)
    due = begun + timedelta(hours=1)
    at = {"at": begun.isoformat()}
    body = {
        "kind": "fault",
        "severity": "major",
        "channel": "web",
        "title": "Down",
        "unit": "group",
    }
    body |= {"customer_id": register(client)["id"], **at}
    ticket = f"/service-tickets/{client.post('/service-tickets', json=body).json()['id']}"
    for verb, told in (
        ("assign", {"owner": "admin"}),
        ("accept", {}),
        ("wait", {"awaited": "a key", "until": due.isoformat()}),
    ):
        answer = client.post(f"{ticket}/{verb}", json={**told, **at})
        assert answer.status_code == 200, answer.text
    until(lambda: client.get(ticket).json().get("waiting_seconds"))
    found = client.get(ticket).json()
    assert (found["status"], found["wait_until"], found["waiting_seconds"]) == (
        "in-progress",
        None,
        3600,
    )
    happened = client.get(f"{ticket}/history").json()["items"]
    (ended,) = (each for each in happened if each["actor_kind"] == "deadline")
    assert (ended["actor"], ended["type"]) == ("service-ticket.end-wait", "service-ticket.resumed")
    assert ended["sentence"].startswith(
        "The deadline service-ticket.end-wait resumed work on the ticket, as it was to wait until "
        f"{due:%Y-%m-%d %H:%M} UTC"
    )
    assert datetime.fromisoformat(ended["data"]["due_at"]) == due
    by = client.get(f"{ticket}/history", params={"actor": "service-ticket.end-wait"}).json()[
        "items"
    ]
    assert [each["version"] for each in by] == [ended["version"]]
    assert client.get("/readyz").json()["overdue_seconds"] == 0
    assert "keyline_parked 0" in client.get("/metrics").text
