"""Merges of customers over HTTP: the old id answers with the way, and what people may not ask."""

import time

import httpx

from domain.kernel.aggregate import new_id
from tests.api.asking import problem, register


def merged(client: httpx.Client) -> tuple[str, str, str, str]:
    """Return a survivor, its duplicate, their merge, and an instant before it."""
    survivor, duplicate = register(client)["id"], register(client)["id"]
    before = client.get(f"/customers/{duplicate}/history").json()["items"][-1]["time"]
    body = {"survivor_id": survivor, "duplicate_id": duplicate, "reason": "The same"}
    merge = client.post("/customer-merges", json=body).json()["id"]
    until(client, merge, "done")
    return survivor, duplicate, merge, before


def until(client: httpx.Client, merge: str, state: str) -> dict[str, object]:
    """Wait until a merge is at a state; return its row."""
    for _ in range(600):
        answer = client.get(f"/customer-merges/{merge}")
        if answer.status_code == 200 and answer.json()["state"] == state:
            found: dict[str, object] = answer.json()
            return found
        time.sleep(0.05)
    raise AssertionError(f"it is not {state}")


def test_a_merged_customer_answers_with_the_way_to_the_survivor(client: httpx.Client) -> None:
    survivor, duplicate, merge, before = merged(client)
    answer = client.get(f"/customers/{duplicate}")
    assert answer.status_code == 307
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["location"] == f"/customers/{survivor}"
    told = answer.json()
    assert (told["survivor_id"], told["merge_id"], told["reason"]) == (survivor, merge, "The same")
    page = client.get(f"/customers/{duplicate}/page")
    assert page.headers["location"] == f"/customers/{survivor}/page"
    assert client.get(f"/customers/{duplicate}/history").status_code == 200
    then = client.get(f"/customers/{duplicate}", params={"as_of": before})
    assert (then.status_code, then.json()["state"]) == (200, "potential")
    refusal = client.post(f"/customers/{duplicate}/engage", json={})
    assert survivor in problem(refusal, 409, "customer-merged")["detail"]
    assert client.post(f"/customer-merges/{merge}/reverse", json={"reason": "x"}).is_success
    until(client, merge, "reversed")
    assert client.get(f"/customers/{duplicate}").status_code == 200


def test_what_policies_alone_may_ask_is_no_route_and_no_line(client: httpx.Client) -> None:
    id = register(client)["id"]
    body = {"survivor_id": new_id(), "merge_id": new_id(), "reason": "x"}
    problem(client.post(f"/customers/{id}/merge-into", json=body), 404, "not-found")
    line = f'{{"command":"customer.merge-into","id":"{id}","body":{{}}}}\n'
    answer = client.post(
        "/commands", content=line, headers={"content-type": "application/x-ndjson"}
    )
    assert answer.json()["problem"]["type"].endswith("unknown-command")
