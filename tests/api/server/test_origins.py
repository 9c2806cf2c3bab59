"""Pages on other origins: those that are allowed may ask and read, whatever the answer is."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from adapters.settings import Settings, SettingsError
from api.app import router_application
from api.kernel.reading.answer_headers import SAFE
from api.server.origins import SHOWN
from tests.api.asking import problem
from tests.api.conftest import KEY, serving

PAGE = "https://portal.example.com"
ASKS = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
ASKS |= {"Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A page of an allowed origin that sends no credentials, with a server that asks few a time."""
    settings = Settings(
        data=tmp_path_factory.mktemp("keyline"),
        port=0,
        admin_key=KEY,
        origins=frozenset({PAGE, "http://localhost:5173"}),
        stranger_rate=1,
        stranger_burst=40,
        header_limit=4096,
    )
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers={"Origin": PAGE}, trust_env=False) as client,
    ):
        yield client


def shown(answer: httpx.Response) -> None:
    """Check that a page gets to see an answer."""
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "Origin" in answer.headers["vary"].split(", ")
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"etag", "link", "location", "position", "trace-id", "retry-after"} <= set(exposed)
    assert {"ahead", "idempotency-replayed", "ratelimit", "deprecation", "sunset"} <= set(exposed)
    assert "access-control-allow-credentials" not in answer.headers
    for name, value in SAFE:
        assert answer.headers[name] == value


@pytest.mark.parametrize("path", ["/customers", "/commands", "/me", "/nowhere", "/sign-in"])
def test_a_browser_is_told_without_credentials_that_it_may_ask(
    portal: httpx.Client, path: str
) -> None:
    answer = portal.options(path, headers=ASKS)
    assert (answer.status_code, answer.content) == (204, b"")
    shown(answer)
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    taken = answer.headers["access-control-allow-headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key", "if-match"} <= set(taken)
    assert {"if-none-match", "last-event-id", "on-behalf-of", "traceparent"} <= set(taken)


def test_a_page_of_another_origin_is_told_that_it_may_not_and_reads_nothing(
    portal: httpx.Client, client: httpx.Client
) -> None:
    other = "https://other.example.com"
    for asker in (portal, client):  # the latter's server allows none
        refused = asker.options("/customers", headers=ASKS | {"Origin": other})
        assert other in problem(refused, 403, "origin-not-allowed")["detail"]
        assert "access-control-allow-origin" not in refused.headers
    read = portal.get("/livez", headers={"Origin": other})
    assert read.status_code == 200
    assert "access-control-allow-origin" not in read.headers
    assert "Origin" in read.headers["vary"].split(", ")
    assert "Origin" not in client.get("/livez").headers["vary"].split(", ")


def test_what_is_no_such_question_needs_credentials_as_ever(portal: httpx.Client) -> None:
    without = {name: value for name, value in ASKS.items() if "Method" not in name}
    problem(portal.options("/customers", headers=without), 401, "unauthenticated")


def test_answers_and_refusals_alike_are_shown_to_the_page(portal: httpx.Client) -> None:
    key = {"Authorization": f"Bearer {KEY}"}
    made = portal.post("/customers", headers=key, json={"name": "Seen", "unit": "group"})
    assert made.status_code == 201
    shown(made)
    for path, status, headers in (
        ("/customers", 200, key),
        ("/customers", 401, {}),
        ("/customers?nothing=1", 422, key),
        ("/customers/x", 404, key),
        ("/customers?min_position=0&x=%00", 422, key),
        ("/customers", 400, [*key.items(), ("If-Match", "1"), ("If-Match", "2")]),
    ):
        answer = portal.get(path, headers=headers)
        assert answer.status_code == status, path
        shown(answer)
    with portal.stream("GET", "/events", headers=key | {"Accept": "text/event-stream"}) as stream:
        shown(stream)


def test_what_is_refused_before_it_is_read_is_shown_too(portal: httpx.Client) -> None:
    url = portal.base_url
    with socket.create_connection((url.host, url.port or 0), 10) as connection:
        head = f"GET / HTTP/1.1\r\nOrigin: {PAGE}\r\nX-Long: {'x' * 5000}\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.recv(65_536).decode().lower()
    assert answer.startswith("http/1.1 431")
    assert f"access-control-allow-origin: {PAGE}" in answer


def test_a_page_sees_that_it_asked_too_often(portal: httpx.Client) -> None:
    """The last of these tests: the server takes no more of strangers after it."""
    for _ in range(60):
        answer = portal.options("/customers", headers=ASKS)
        if answer.status_code != 204:
            break
    problem(answer, 429, "too-many-requests")
    shown(answer)
    assert int(answer.headers["retry-after"]) >= 1


def test_a_page_may_read_every_header_of_which_the_document_tells() -> None:
    document = router_application().openapi()
    told = {
        name.lower()
        for operations in document["paths"].values()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for name in answer.get("headers", {})
    }
    assert told
    assert told <= set(SHOWN)


def test_an_origin_that_no_browser_sends_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="KEYLINE_ORIGINS"):
        Settings.read({"KEYLINE_ORIGINS": "portal.example.com"})
    given = Settings.read({"KEYLINE_ORIGINS": f"{PAGE}, http://localhost:5173"})
    assert given.origins == {PAGE, "http://localhost:5173"}
    assert Settings.read({}).origins == frozenset()
