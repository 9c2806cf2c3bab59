"""API keys over HTTP: shown once, chosen by nobody, and their hashes never leave."""

import json
from typing import Any
from uuid import uuid4

import httpx

from adapters.identity.api_key_secret import digest_of, prefix_of
from tests.api.asking import problem

ROLE = {"role": "service-agent", "unit": "group"}


def body() -> dict[str, Any]:
    """Return the body of a key of a system that there is none of yet."""
    return {"name": f"Call centre {uuid4()}", **ROLE}


def issue(client: httpx.Client) -> httpx.Response:
    return client.post("/api-keys", json=body())


def test_a_key_is_shown_when_it_is_issued(client: httpx.Client) -> None:
    told = body()
    made = client.post("/api-keys", json=told)
    assert made.status_code == 201
    assert set(made.json()) == {"id", "version", "position", "key"}
    place = {"min_position": made.json()["position"]}
    row = client.get(made.headers["location"], params=place).json()
    assert row["prefix"] == prefix_of(made.json()["key"])
    assert (row["name"], row["role"], row["state"]) == (told["name"], "service-agent", "active")


def test_a_repeat_shows_no_key(client: httpx.Client) -> None:
    key = str(uuid4())
    sent: dict[str, Any] = {"json": body(), "headers": {"Idempotency-Key": key}}
    first = client.post("/api-keys", **sent).json()
    again = client.post("/api-keys", **sent)
    assert again.status_code == 201
    assert again.json() == {name: first[name] for name in ("id", "version", "position")}


def test_nobody_chooses_a_key(client: httpx.Client) -> None:
    for chosen in ({"digest": "0" * 64}, {"prefix": "7k2m9x4q"}, {"key": "mine"}):
        answer = client.post("/api-keys", json=body() | chosen)
        (name,) = chosen
        assert problem(answer, 422, "invalid-body")["errors"][0]["pointer"] == f"/{name}"


def test_of_many_commands_each_key_is_shown_once_and_none_is_chosen(client: httpx.Client) -> None:
    line: dict[str, Any] = {"command": "api-key.issue", "key": str(uuid4()), "body": body()}
    chosen = {"command": "api-key.issue", "body": body() | {"digest": "0" * 64}}
    lines = [line, line, chosen]
    answer = client.post(
        "/commands",
        content="\n".join(map(json.dumps, lines)),
        headers={"Content-Type": "application/x-ndjson"},
    )
    first, again, wrong = map(json.loads, answer.text.splitlines())
    assert prefix_of(first["key"])
    assert again["repeated"]
    assert "key" not in again
    assert wrong["status"] == 422


def test_the_hash_of_a_key_never_leaves(client: httpx.Client) -> None:
    made = issue(client).json()
    digest = digest_of(made["key"])
    place = {"min_position": made["position"]}
    after = made["position"] - 1
    for path in (
        f"/api-keys/{made['id']}",
        f"/api-keys/{made['id']}?as_of_position={made['position']}",
        f"/api-keys/{made['id']}/history",
        "/api-keys?limit=1000",
        f"/events?after={after}",
        f"/operations?target={made['id']}",
    ):
        answer = client.get(path, params=place if "?" not in path else None)
        assert answer.status_code in (200, 422), (path, answer.text)
        assert digest not in answer.text, path
        assert "digest" not in answer.text or path.startswith("/operations"), path
    for refused in ("fields=digest", "sort=digest", f"digest={digest}"):
        assert client.get(f"/api-keys?{refused}").status_code == 422


def test_a_system_comes_in_with_its_key_until_it_is_revoked(client: httpx.Client) -> None:
    made = issue(client).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert client.get("/service-tickets", headers=headers).status_code == 200
    problem(client.get("/campaigns", headers=headers), 403, "not-permitted")
    gone = client.post(f"/api-keys/{made['id']}/revoke", json={"reason": "lost"})
    assert gone.status_code == 200
    problem(client.get("/service-tickets", headers=headers), 401, "unauthenticated")
