"""Commands over HTTP: made once, answered with what they recorded, checked against versions."""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from adapters.settings import Settings
from domain.kernel.aggregate import new_id
from tests.api.asking import head, problem, register
from tests.api.conftest import KEY, serving


def test_a_new_record_is_answered_with_its_place_and_is_read_there_at_once(
    client: httpx.Client,
) -> None:
    answer = client.post("/customers", json={"name": "广州启明银行", "unit": "group"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/customers/{made['id']}"
    assert answer.headers["etag"] == '"1"'
    assert made["version"] == 1
    found = client.get(answer.headers["location"], params={"min_position": made["position"]})
    assert found.json()["name"] == "广州启明银行"


def test_a_command_is_answered_with_the_record_s_new_version(client: httpx.Client) -> None:
    made = register(client)
    answer = client.post(
        f"/customers/{made['id']}/regrade", json={"grade": "A", "reason": "it grew"}
    )
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert answer.json() == {
        "id": made["id"],
        "version": 2,
        "position": answer.json()["position"],
    }
    assert answer.json()["position"] > made["position"]


def test_a_repeat_with_the_same_key_is_answered_as_before_and_not_done_again(
    client: httpx.Client,
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    body = {"name": "Asked Twice", "unit": "group"}
    first = client.post("/customers", json=body, headers=key)
    before = head(client)
    again = client.post("/customers", json=body, headers=key)
    assert again.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert head(client) == before


def test_a_key_used_for_another_request_is_refused(client: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    client.post("/customers", json={"name": "One", "unit": "group"}, headers=key)
    before = head(client)
    other = client.post("/customers", json={"name": "Another", "unit": "group"}, headers=key)
    problem(other, 422, "key-reused")
    assert head(client) == before


@pytest.mark.parametrize("key", [b"", b"x" * 201, b"with space", "ключ".encode()])
def test_a_key_that_is_no_key_is_refused(client: httpx.Client, key: bytes) -> None:
    answer = client.post(
        "/customers", json={"name": "A", "unit": "group"}, headers={b"Idempotency-Key": key}
    )
    problem(answer, 400, "malformed-header")


def test_a_command_on_a_version_that_is_no_more_is_refused(client: httpx.Client) -> None:
    id = register(client)["id"]
    path, body = f"/customers/{id}/engage", {"effective": None}
    problem(client.post(path, json=body, headers={"If-Match": '"7"'}), 412, "stale-version")
    weak = {"If-Match": 'W/"7-abc"'}  # as a proxy that compresses has it
    problem(client.post(path, json=body, headers=weak), 412, "stale-version")
    weak = {"If-Match": 'W/"1-abc"'}
    assert client.post(path, json=body, headers=weak).status_code == 200


@pytest.mark.parametrize("tag", ["1", '"one"', 'w/"1"', "W/1", '"1", "2"', '"-1"', '"99999999999"'])
def test_a_version_that_cannot_be_read_is_refused(client: httpx.Client, tag: str) -> None:
    id = register(client)["id"]
    answer = client.post(f"/customers/{id}/engage", json={}, headers={"If-Match": tag})
    problem(answer, 400, "malformed-header")


def test_a_broken_rule_is_named_and_said_in_words(client: httpx.Client) -> None:
    id = register(client)["id"]
    answer = client.post(f"/customers/{id}/place-under", json={"parent_id": id})
    found = problem(answer, 409, "parent-cycle")
    assert found["detail"].startswith("A customer is not placed under itself")
    assert found["errors"] == [{"pointer": "/parent_id", "detail": found["detail"]}]
    assert client.get(found["type"]).json()["meaning"] == found["detail"]


def test_a_record_that_is_not_there_or_of_another_kind_is_not_commanded(
    client: httpx.Client,
) -> None:
    before = head(client)
    customer = register(client)["id"]
    for path in (
        f"/customers/{new_id()}/engage",
        "/customers/nothing/engage",
        "/customers/%00/engage",
        "/customers/%ff/engage",
        f"/opportunities/{customer}/qualify",
    ):
        problem(client.post(path, json={}), 404, "unknown-id")
    assert head(client) == before + 1


def test_an_address_that_only_commands_says_so(client: httpx.Client) -> None:
    id = register(client)["id"]
    answer = client.get(f"/customers/{id}/engage")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    answer = client.delete("/customers")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    problem(client.post(f"/customers/{id}/no-such-verb", json={}), 404, "not-found")


def test_registration_names_the_customers_that_may_be_the_same(client: httpx.Client) -> None:
    name = "Hengsha Shipyard"
    first = register(client, name=name)
    client.get("/customers", params={"min_position": first["position"]})
    second = register(client, name=f"{name} Co., Ltd.")
    assert [each["id"] for each in second["similar"]] == [first["id"]]
    assert second["similar"][0]["name"] == name
    assert "similar" not in register(client, name="Quite Another")


def test_the_trace_of_the_caller_goes_through_to_the_log(client: httpx.Client) -> None:
    trace = uuid4().hex
    answer = client.post(
        "/customers",
        json={"name": "Traced", "unit": "group"},
        headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
    )
    assert answer.headers["trace-id"] == trace
    found = client.get("/operations", params={"target": answer.json()["id"]}).json()["items"]
    assert [each["trace"] for each in found] == [trace]
    assert re.fullmatch("[0-9a-f]{32}", client.get("/livez").headers["trace-id"])


def test_of_a_record_whose_history_is_full_nothing_more_is_stated(tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(Settings(data=tmp_path, port=0, admin_key=KEY, record_events=3)) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        path = client.post("/customers", json={"name": "One", "unit": "group"}).headers["location"]
        for name in ("Two", "Three"):
            done = client.post(f"{path}/correct-details", json={"name": name})
            assert done.status_code == 200, done.text
        refused = client.post(f"{path}/correct-details", json={"name": "Four"})
        assert problem(refused, 409, "history-full")["detail"].startswith("It has 3 events")
        assert len(client.get(f"{path}/history").json()["items"]) == 3
        assert client.post("/customers", json={"name": "X", "unit": "group"}).status_code == 201
