"""Headers of every answer: nothing runs, nothing is framed, and caches keep what they may."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from api.app import router_application
from api.kernel.reading.answer_headers import SAFE, VARY
from domain.kernel.aggregate import new_id
from tests.api.asking import register
from tests.api.customers.test_customer_merges import merged
from tests.api.permissions.test_sign_in import GOOD, engage

NOTHING_RUNS = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def routes() -> Iterator[tuple[str, str]]:
    """Yield every operation of the document, with something in each place of its path."""
    document = json.loads(json.dumps(router_application().openapi()))
    for path, operations in document["paths"].items():
        filled = re.sub(
            r"\{(\w+)\}", lambda m: "1" if m[1] in ("position", "number") else "x", path
        )
        for method in operations:
            yield method.upper(), filled


def guarded(answer: httpx.Response) -> None:
    """Check what every answer has, each once."""
    names = [name.lower() for name, _ in answer.headers.raw]
    for name, value in SAFE:
        assert names.count(name.encode()) == 1, (answer.request, name)
        assert answer.headers[name] == value
    for each in (b"content-security-policy", b"cache-control", b"vary"):
        assert names.count(each) == 1, (answer.request, each)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert {"authorization", "on-behalf-of"} <= set(answer.headers["vary"].lower().split(", "))
    if not answer.request.url.path.startswith("/docs"):
        assert answer.headers["content-security-policy"] == NOTHING_RUNS


def test_every_route_answers_with_them(client: httpx.Client, stranger: httpx.Client) -> None:
    tried = list(routes())
    assert len(tried) > 100
    for method, path in tried:
        for asker in (stranger, client):
            with asker.stream(method, path, content=b"{}" if method == "POST" else None) as answer:
                guarded(answer)


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/start.js", "/favicon.ico", "/nowhere"])
def test_what_is_no_operation_does_too(client: httpx.Client, path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "DELETE", "PATCH"):
        guarded(client.request(method, path))


def test_streams_batches_redirects_and_what_has_not_changed_do_too(client: httpx.Client) -> None:
    with client.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as answer:
        guarded(answer)
        assert answer.headers["vary"] == f"Accept, {VARY.decode()}"
    _, duplicate, _, _ = merged(client)
    moved = client.get(f"/customers/{duplicate}")
    assert moved.status_code == 307
    guarded(moved)
    line = json.dumps({"command": "customer.register", "body": {"name": "x", "unit": "group"}})
    lines = {"Content-Type": "application/x-ndjson"}
    answer = client.post("/commands", content=line, headers=lines)
    assert answer.json()["status"] == 201
    guarded(answer)
    made = answer.json()
    read = client.get(f"/customers/{made['id']}", params={"min_position": made["position"]})
    same = client.get(read.url, headers={"If-None-Match": read.headers["etag"]})
    assert same.status_code == 304
    guarded(same)


@pytest.mark.parametrize(
    "request_",
    [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"],
)
def test_what_is_no_request_is_answered_with_them(address: str, request_: bytes) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(request_)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    head = answer.partition(b"\r\n\r\n")[0].decode().lower().splitlines()
    assert head[0].startswith("http/1.1 400")
    for name, value in SAFE:
        assert head.count(f"{name}: {value}".lower()) == 1


def keeping(answer: httpx.Response) -> str:
    assert answer.is_success, answer.text
    return str(answer.headers["cache-control"])


def test_what_tells_of_persons_or_secrets_is_kept_nowhere(client: httpx.Client) -> None:
    made = register(client)
    id_ = made["id"]
    client.get(f"/customers?min_position={made['position']}")  # waits for it
    for path in (
        *(f"/customers/{id_}", f"/customers/{id_}/page", f"/customers/{id_}/history"),
        *("/customers", "/service-tickets", "/employees", "/events", "/operations", "/system-log"),
        *("/me", "/customers?format=csv", "/reports/customers/records?measures=customers"),
    ):
        assert keeping(client.get(path)) == "no-store", path
    key = client.post("/api-keys", json={"name": new_id(), "role": "auditor", "unit": "group"})
    assert "key" in key.json()
    assert keeping(key) == "no-store"
    code = engage(client)
    client.post(f"/employees/{code}/password", json={"password": GOOD})
    signed_in = client.post("/sign-in", json={"employee": code, "password": GOOD})
    assert keeping(signed_in) == "no-store"


def test_other_reads_are_kept_by_whoever_asked_and_asked_for_again(client: httpx.Client) -> None:
    unit = client.get("/units?limit=1").json()["items"][0]["id"]
    for path in ("/units", f"/units/{unit}", "/opportunities", "/reports/customers"):
        assert keeping(client.get(path)) == "private, no-cache", path


def test_what_is_the_same_for_all_is_not_sent_again(stranger: httpx.Client) -> None:
    for path in ("/openapi.json", "/docs", "/docs/swagger-ui.css", "/favicon.ico"):
        answer = stranger.get(path)
        assert keeping(answer) == "no-cache"
        again = stranger.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
