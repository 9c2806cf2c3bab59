"""What tests ask of a server again and again."""

import itertools
import time
from typing import Any
from uuid import uuid4

import httpx

_numbers = itertools.count(1)


def register(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Register a customer whose name no other has; returns the answer."""
    body = {"name": f"Customer {next(_numbers)}", "unit": "group"} | fields
    answer = client.post("/customers", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def new_unit(client: httpx.Client) -> str:
    """Open a unit that no other test uses; returns its code."""
    code = f"t-{uuid4().hex[:12]}"
    body = {"code": code, "name": code, "level": "team", "parent": "group"}
    answer = client.post("/units", json=body)
    assert answer.status_code == 201, answer.text
    return code


def head(client: httpx.Client) -> int:
    """Return how many events are recorded."""
    position: int = client.get("/readyz").json()["position"]
    return position


def patient(client: httpx.Client, path: str, **ask: Any) -> httpx.Response:
    """Ask until what is to be read has come to where it is read."""
    for _ in range(40):
        answer = client.get(path, params=ask or None)
        if answer.status_code != 503:
            break
    return answer


def not_ready(client: httpx.Client) -> str:
    """Check that a server says it is not ready; returns what is in its way."""
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    return "; ".join(answer.json()["faults"])


def until_ready(client: httpx.Client) -> dict[str, Any]:
    """Wait until a server says that it is ready; returns what it says of itself."""
    deadline = time.monotonic() + 300
    while (answer := client.get("/readyz")).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.02)
    found: dict[str, Any] = answer.json()
    return found


def settled(client: httpx.Client) -> None:
    """Wait until all parts of a server have followed, so that no policy has anything to do."""
    deadline = time.monotonic() + 60
    while any(each["lag"] for each in client.get("/readyz").json()["parts"].values()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """Check that an answer is the problem of this name; returns the document."""
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    found: dict[str, Any] = answer.json()
    assert found["type"] == f"/problems/{name}", found
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    return found
