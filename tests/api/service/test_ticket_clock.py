"""The clock of a ticket over HTTP: spans that add up, and what moved what is due."""

from typing import Any

import httpx

from tests.api.asking import problem, register
from tests.domain.service.promised import at
from tests.streams.flow import until


def clock(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(f"{path}/clock", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def moment(text: str) -> str:
    return at(text).isoformat().replace("+00:00", "Z")


def test_a_complaint_over_the_spring_festival_span_by_span(client: httpx.Client) -> None:
    customer = register(client, grade="B")["id"]
    body = {"kind": "complaint", "severity": "major", "channel": "web", "title": "Billed twice"}
    body |= {"customer_id": customer, "unit": "group", "at": moment("02-13 16:30")}
    opened = client.post("/service-tickets", json=body).json()
    path = f"/service-tickets/{opened['id']}"
    until(lambda: client.get(path).json().get("priority") == 2)
    known = client.get(path).json()["version"]

    def do(command: str, **told: Any) -> int:
        answer = client.post(f"{path}/{command}", json=told)
        assert answer.status_code == 200, answer.text
        position: int = answer.json()["position"]
        return position

    code = f"e-{customer[-8:]}"
    client.post("/employees", json={"code": code, "name": "Wu", "unit": "group"})
    do("assign", owner=code, at=moment("02-13 16:30"))
    do("accept", at=moment("02-13 16:50"))
    waits = do("wait", awaited="An invoice", at=moment("02-14 10:00"))
    then = clock(client, path, min_position=waits)
    assert (then["resolution"]["due_at"], then["worked_seconds"]) == (None, 3 * 3600)
    do("resume", at=moment("02-24 09:30"))
    done = do("resolve", cause="x", action="y", at=moment("02-25 16:00"))
    found = clock(client, path, min_position=done)
    spans = [(each["run"], each["seconds"] / 3600) for each in found["spans"][:3]]
    assert spans == [("running", 3.0), ("waiting", 7.5), ("running", 13.0)]
    assert found["spans"][1]["wall_seconds"] == 239.5 * 3600
    assert (found["worked_seconds"], found["paused_seconds"]) == (16 * 3600, 7.5 * 3600)
    resolution = {"used_percent": 100.0, "met": True, "due_at": moment("02-25 16:00")}
    assert found["resolution"].items() >= resolution.items()
    assert found["response"]["used_seconds"] == 20 * 60
    assert [each["resolution_due_at"] for each in found["changes"]] == [
        moment("02-24 16:30"),
        None,
        moment("02-25 16:00"),
    ]
    causes = [each["type"].partition(".")[2] for each in found["changes"]]
    assert causes == ["terms-set", "wait-begun", "resumed"]
    before = clock(client, path, as_of_position=opened["position"])
    assert (before["resolution"], before["priority"], known) == (None, None, 2)
    late = clock(client, path, valid_at="2026-02-20")  # as it is known now to have been
    assert (late["resolution"]["due_at"], late["paused_seconds"]) == (None, 6.5 * 3600)
    early = {"reason": "x", "at": moment("02-25 15:59")}
    problem(client.post(f"{path}/reopen", json=early), 409, "dates-contradict")


def test_there_is_no_clock_of_a_ticket_that_there_is_not(client: httpx.Client) -> None:
    nobody = "/service-tickets/0192f3a1-0000-7000-8000-00000000c10c/clock"
    problem(client.get(nobody), 404, "unknown-id")


def test_no_step_is_stated_for_a_moment_before_the_one_at_which_the_ticket_was_recorded(
    client: httpx.Client,
) -> None:
    body = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down"}
    customer = register(client)["id"]
    opened = client.post(
        "/service-tickets", json={**body, "customer_id": customer, "unit": "group"}
    ).json()
    code = f"e-{customer[-8:]}"
    client.post("/employees", json={"code": code, "name": "Wu", "unit": "group"})
    early = {"owner": code, "at": moment("02-13 16:30")}
    answer = client.post(f"/service-tickets/{opened['id']}/assign", json=early)
    problem(answer, 409, "dates-contradict")


def test_tickets_at_risk_and_breached_are_found_by_the_moment_that_is_asked_about(
    client: httpx.Client,
) -> None:
    customer = register(client, grade="B")["id"]
    body = {"kind": "complaint", "severity": "major", "channel": "web", "title": "Billed twice"}
    body |= {"customer_id": customer, "unit": "group", "at": moment("02-13 16:30")}
    path = f"/service-tickets/{client.post('/service-tickets', json=body).json()['id']}"
    until(lambda: client.get(path).json().get("priority") == 2)

    def found(**asked: str) -> list[bool]:
        answer = client.get("/service-tickets", params={"customer_id": customer, **asked})
        assert answer.status_code == 200, answer.text
        return [each["breached_at"] is not None for each in answer.json()["items"]]

    assert found(breached="true") == found(at_risk="true", priority="2") == [True]
    assert found(breached="false") == []
    due = moment("02-24 16:31")
    assert found(due_before=due, sort="resolution_due_at") == [True]
    assert found(due_before=moment("02-24 16:30")) == []
    early = {"valid_at": "2026-02-13"}  # a Friday, at the end of which the response is late already
    assert (found(**early, breached="true"), found(**early, breached="false")) == ([True], [])
    problem(
        client.get("/service-tickets", params={"breached": "perhaps"}), 422, "invalid-parameter"
    )


def test_an_outage_is_recorded_of_a_product_that_there_is_and_ends_after_it_began(
    client: httpx.Client,
) -> None:
    customer = register(client)["id"]
    about = {"customer_id": customer, "unit": "group"}
    told = {**about, "product_name": "Old line", "attributes": {}}
    line = client.post("/products-in-use", json=told).json()["id"]
    body = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down"}
    made = client.post("/service-tickets", json={**about, **body}).json()
    path = f"/service-tickets/{made['id']}"
    begun, ended = moment("02-13 10:00"), moment("02-13 10:30")
    lost = {"product_in_use_id": line, "from": begun}
    answer = client.post(f"{path}/record-outage", json={**lost, "to": begun})
    assert problem(answer, 409, "outage-reversed")["errors"][0]["pointer"] == "/to"
    nowhere = {**lost, "product_in_use_id": made["id"]}
    answer = client.post(f"{path}/record-outage", json=nowhere)
    assert answer.status_code == 422, answer.text
    restored = {"product_in_use_id": line, "at": ended}
    problem(client.post(f"{path}/restore-service", json=restored), 409, "outage-required")
    assert client.post(f"{path}/record-outage", json=lost).status_code == 200
    done = client.post(f"{path}/restore-service", json=restored).json()
    problem(
        client.post(f"{path}/relate", json={"ticket_id": made["id"], "as": "cause"}),
        409,
        "same-ticket",
    )
    row = client.get(path, params={"min_position": done["position"]}).json()
    assert row["outages"] == [{"product_in_use_id": line, "since": begun, "until": ended}]
