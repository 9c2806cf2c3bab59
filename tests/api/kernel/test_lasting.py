"""Lasting answers: streams and exports end with the credentials by which they were asked for."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog

import api
from adapters.identity import access_tokens as tokens
from adapters.identity import openid
from adapters.settings import Settings
from api.kernel import lasting
from api.reads.logs import log_export
from api.server.connection import Connection
from tests.api.asking import head, register
from tests.api.conftest import KEY, serving
from tests.api.modes import running as running
from tests.api.modes import system as system
from tests.api.permissions.test_sign_in import ADMINISTRATOR, GOOD, bearer, record, with_password
from tests.identity_provider import identity_provider

SOON = 3.0
"""Seconds within which a stream has to have ended here: a second, and what a busy machine takes."""

MANY = 2500
"""Customers whose list does not fit into what lies between a server and a client."""

NDJSON = "application/x-ndjson"

Headers = dict[str, str]
Ending = tuple[Headers, Callable[[], object], str]
"""With which headers somebody asks, what ends that, and which problem says so."""


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def new_key(client: httpx.Client) -> tuple[Headers, str]:
    """Return headers with the key of a new system that sees everything, and the key's id."""
    code = f"all-{time.time_ns()}"
    body = {"code": code, "name": code, "unit": "group", "permissions": ["*.read"]}
    done(client.post("/roles", json=body))
    key = done(client.post("/api-keys", json={"name": code, "role": code, "unit": "group"}))
    return {"Authorization": f"Bearer {key['key']}"}, key["id"]


def person(client: httpx.Client) -> tuple[str, Headers]:
    """Return the code of somebody who has signed in, and their headers."""
    code, once = with_password(str(client.base_url))
    change = {"old": GOOD, "new": "a road of my own"}
    return code, bearer(done(client.post("/me/password", json=change, headers=bearer(once))))


def auditor(client: httpx.Client) -> tuple[str, Headers]:
    """Return the same of somebody who sees everything."""
    code, headers = person(client)
    given = {"employee": code, "role": "auditor", "unit": "group", "reason": "to read"}
    done(client.post("/grants", json=given))
    return code, headers


def revoked_key(client: httpx.Client) -> Ending:
    headers, id_ = new_key(client)
    path = f"/api-keys/{id_}/revoke"
    return headers, lambda: done(client.post(path, json={"reason": "lost"})), "unauthenticated"


def signed_out(client: httpx.Client) -> Ending:
    _, headers = auditor(client)
    out = lambda: done(client.post("/sign-out", headers=headers))  # noqa: E731
    return headers, out, "unauthenticated"


def all_sessions_ended(client: httpx.Client) -> Ending:
    code, headers = auditor(client)
    path = f"/employees/{record(client, code)}/end-sessions"
    return headers, lambda: done(client.post(path, json={"reason": "lost"})), "unauthenticated"


def left(client: httpx.Client) -> Ending:
    code, headers = auditor(client)
    path = f"/employees/{record(client, code)}/leave"
    return headers, lambda: done(client.post(path, json={"reason": "retired"})), "unauthenticated"


def delegation_withdrawn(client: httpx.Client) -> Ending:
    code, headers = person(client)
    now = datetime.now(UTC)
    body = {"principal": "admin", "deputy": code, "reason": "on leave"}
    body |= {"starts": (now - timedelta(minutes=1)).isoformat()}
    body |= {"until": (now + timedelta(days=1)).isoformat()}
    path = f"/delegations/{done(client.post('/delegations', json=body))['id']}/withdraw"
    headers |= {"On-Behalf-Of": "admin"}
    return headers, lambda: done(client.post(path, json={"reason": "back"})), "not-delegated"


ENDINGS = [revoked_key, signed_out, all_sessions_ended, left, delegation_withdrawn]


def ended(lines: Iterator[str]) -> dict[str, Any]:
    """Read a stream to its end; returns the problem that its last event has."""
    fields: Headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields = fields | {name: value} if line else fields
    assert fields["event"] == "end"
    found: dict[str, Any] = json.loads(fields["data"])
    return found


def begun(
    client: httpx.Client, headers: Headers, after: int | None = None, patience: float = SOON
) -> Any:
    """Open a stream of what is to come, or of what is behind a position."""
    asked = {"Accept": "text/event-stream", **headers}
    start = head(client) if after is None else after
    return client.stream("GET", f"/events?after={start}", headers=asked, timeout=patience)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_silent_stream_ends_within_a_second_and_says_why(
    running: httpx.Client, ending: Callable[[httpx.Client], Ending]
) -> None:
    headers, revoke, name = ending(running)
    with begun(running, headers) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 1000"
        revoke()
        since = time.monotonic()
        assert ended(lines)["type"] == f"/problems/{name}"
        assert time.monotonic() - since < SOON


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_that_is_recorded_after_the_end_is_in_a_stream(
    running: httpx.Client, ending: Callable[[httpx.Client], Ending]
) -> None:
    headers, revoke, _ = ending(running)
    before = register(running)["id"]
    with begun(running, headers, after=head(running) - 1) as answer:
        lines = answer.iter_lines()
        while not next(lines).startswith("data:"):
            pass
        revoke()
        after = [register(running)["id"] for _ in range(5)]
        rest = "".join(lines)
    assert "event: end" in rest
    assert before not in rest
    assert not any(each in rest for each in after)


def test_a_stream_ends_when_its_token_does(
    running: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasts = 3
    monkeypatch.setattr(tokens, "LIFETIME", lasts)
    monkeypatch.setattr(tokens, "LEEWAY", 0)
    _, headers = auditor(running)
    since = time.monotonic()
    with begun(running, headers, patience=lasts + SOON) as answer:  # it is silent till then
        assert ended(answer.iter_lines())["type"] == "/problems/unauthenticated"
    assert time.monotonic() - since < lasts + SOON


def test_a_stream_ends_when_the_token_of_a_provider_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasts = 5
    monkeypatch.setattr(openid, "LEEWAY", lasts)  # a token that ends at once is good so long
    settings = Settings(data=tmp_path / "data", port=0, admin_key=KEY, oidc_tokens="jwt")
    (tmp_path / "provider").mkdir()
    with (
        identity_provider(tmp_path / "provider") as provider,
        serving(dataclasses.replace(settings, oidc_issuer=provider.issuer)) as address,
        httpx.Client(
            base_url=address, headers=ADMINISTRATOR, trust_env=False, timeout=30
        ) as client,
    ):
        done(client.post("/employees", json={"code": "li.wei", "name": "Li", "unit": "group"}))
        given = {"employee": "li.wei", "role": "auditor", "unit": "group", "reason": "to read"}
        done(client.post("/grants", json=given))
        done(client.get("/me", headers=bearer({"access_token": provider.token("li.wei")})))
        headers = bearer({"access_token": provider.token("li.wei", minutes=0)})
        since = time.monotonic()
        asked = {"Accept": "text/event-stream", **headers}
        with client.stream("GET", f"/events?after={head(client)}", headers=asked) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "retry: 1000"
            assert ended(lines)["type"] == "/problems/unauthenticated"
        assert time.monotonic() - since < lasts + SOON
        assert client.get("/me", headers=headers).status_code == 401


def test_a_batch_does_nothing_for_whoever_is_not_let_in_any_more(running: httpx.Client) -> None:
    code, headers = person(running)
    given = {"employee": code, "role": "administrator", "unit": "group", "reason": "to load"}
    start = done(running.post("/grants", json=given))["position"]

    def line(number: int) -> bytes:
        body = {"name": f"Line {number}", "unit": "group"}
        return json.dumps({"command": "customer.register", "body": body}).encode() + b"\n"

    def lines() -> Iterator[bytes]:
        yield line(1)
        time.sleep(0.3)
        done(running.post("/sign-out", headers=headers))
        yield line(2)
        yield line(3)

    asked = {"Content-Type": NDJSON, **headers}
    answer = running.post("/commands", content=lines(), headers=asked)
    first, last = [json.loads(each) for each in answer.text.splitlines()]
    assert (first["line"], first["status"]) == (1, 201)
    assert (last["line"], last["status"]) == (2, 401)
    assert last["problem"]["type"] == "/problems/unauthenticated"
    made = running.get(f"/events?after={start}&type=customer.registered").text.splitlines()
    assert [json.loads(each)["stream"] for each in made] == [first["id"]]


EXPORTS = {
    "records_behind._exported": "/reports/customers/records?format=csv&measures=customers",
    "list_export.sent": "/customers?format=ndjson",
    "log_export.exported": "/system-log?format=ndjson",
}
"""How each function that answers piece by piece is asked, by its module and name.

Scaled out, those that read the warehouse are forwarded.
"""


PIECEWISE = {"StreamingResponse", "WrittenFile"}


def test_every_answer_that_is_sent_piece_by_piece_is_tried_here() -> None:
    found = set()
    for file in Path(api.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
                if any(isinstance(e, ast.Name) and e.id in PIECEWISE for e in calls):
                    found.add(f"{file.stem}.{node.name}")
    own = {"imports.errors"}  # of whoever sent the file alone, on the way of all the others
    assert found == {"events.events", "forwarding.forward", *own, *EXPORTS}


@pytest.fixture(scope="module")
def full(running: httpx.Client) -> httpx.Client:
    """A server with more than fits into what lies between it and a client."""
    for number in range(MANY):
        # Only our own loggers are kept, and of entries that are alike only so many a minute.
        structlog.get_logger("api").info(f"filling.{number // 50}", text="x" * 2000)
        time.sleep(0.001)
    # Names with nothing in common: each new customer is compared with those that are alike.
    bodies = [{"name": uuid4().hex * 5, "unit": "group"} for _ in range(MANY)]
    lines = [json.dumps({"command": "customer.register", "body": body}) for body in bodies]
    content = "\n".join(lines).encode()
    answer = running.post("/commands", content=content, headers={"Content-Type": NDJSON})
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert all(each["status"] == 201 for each in found)
    done(running.get(f"/reports/customers?min_position={found[-1]['position']}"))
    return running


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to a client is as narrow as a slow network, and answers come in small pieces."""
    made = Connection.connection_made

    def connection_made(self: Connection, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", connection_made)
    monkeypatch.setattr(log_export, "AT_ONCE", 100)


class Slow:
    """A client that asks for an export and does not read it at first."""

    def __init__(self, client: httpx.Client, path: str, headers: Headers) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(60)
        self._socket.connect((client.base_url.host, client.base_url.port))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        self.first = self._socket.recv(200)

    def whole(self) -> bool:
        """Read all that comes; tell whether the answer was complete by its own measure."""
        answer = bytearray(self.first)
        while not self._complete(answer) and (piece := self._socket.recv(1 << 20)):
            answer += piece
        self._socket.close()
        return self._complete(answer)

    def _complete(self, answer: bytearray) -> bool:
        head, _, body = bytes(answer).partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        return len(body) == int(length[1]) if length else body.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("path", EXPORTS.values(), ids=EXPORTS)
def test_an_export_is_broken_off_so_that_nobody_takes_a_part_for_the_whole(
    full: httpx.Client, narrow: None, path: str
) -> None:
    headers, revoke, _ = revoked_key(full)
    answers = [Slow(full, path, headers) for _ in range(2)]
    assert [each.first[:12] for each in answers] == [b"HTTP/1.1 200"] * 2
    assert answers.pop().whole()
    revoke()
    time.sleep(2 * lasting.AGAIN)
    assert not answers.pop().whole()
