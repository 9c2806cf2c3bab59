"""A browser between people and the server: its cache tells nobody what another one saw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from adapters.settings import Settings
from api.server.gateway import Entrance
from tests.api.conftest import KEY, serving
from tests.api.kernel.access.test_visibility import World
from tests.browser import Page, browser

FETCH = """fetch({path}, {{headers: {{Authorization: {key}}}}}).then(async answer => {{
    const text = await answer.text();
    return [answer.status, text];
}})"""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    # Our pages forbid themselves to fetch anything.
    with browser(tmp_path, bypass_csp=True) as found:
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(data=tmp_path_factory.mktemp("keyline"), port=0, admin_key=KEY)
    with serving(settings) as address:
        world = World(address)
        yield world
        for client in (world.admin, *world.readers.values()):
            client.close()


def at_home(page: Page, world: World) -> None:
    """Open a page of the server that costs nothing."""
    page.open(f"{world.address}/livez")


def fetched(page: Page, path: str, client: httpx.Client) -> tuple[int, str]:
    """Return what a page gets that asks as a client does."""
    key = json.dumps(client.headers["authorization"])
    status, text = page.run(FETCH.format(path=json.dumps(path), key=key))
    return status, text


def plain(path: str, client: httpx.Client) -> tuple[int, str]:
    """Return what a client gets without a browser."""
    answer = client.get(path)
    return answer.status_code, answer.text


@pytest.fixture
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers bear the headers that they once had: the version alone, and nothing of caches."""
    served = Entrance.__call__

    async def serve(self: Entrance, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, re.sub(rb"-[0-9a-f]+", b"", value) if name == b"etag" else value)
                    for name, value in message["headers"]
                    if name not in (b"cache-control", b"vary")
                ]
            await send(message)

        if scope["type"] == "http":  # no record changes here: its version is still the same
            scope["headers"] = [
                (name, b"*" if name == b"if-none-match" else value)
                for name, value in scope["headers"]
            ]
        await served(self, scope, receive, sent)

    monkeypatch.setattr(Entrance, "__call__", serve)


def test_with_the_headers_of_once_the_cache_tells_what_is_masked(
    page: Page, world: World, as_it_was: None
) -> None:
    at_home(page, world)
    path = f"/customers/{world.south}"
    seen = fetched(page, path, world.readers["gd"])
    assert "+86 20 1234 5678" in seen[1]
    assert fetched(page, path, world.readers["gd, masked"]) == seen
    assert plain(path, world.readers["gd, masked"]) != seen


def test_through_a_browser_everybody_sees_what_they_see_without_one(
    page: Page, world: World
) -> None:
    at_home(page, world)
    own = [f"/customers/{world.south}", f"/opportunities/{world.sale}"]
    paths = [*own, *(f"{path}/history" for path in own), f"{own[0]}/page", "/me/permissions"]
    paths += ["/customers", "/opportunities", "/service-tickets", "/units", "/employees"]
    paths += ["/reports/customers?measures=customers", "/reports/pipeline?by=stage", "/events"]
    paths += [f"{own[1]}?fields=id,amount", f"{own[1]}?fields=id,title", own[1]]
    order = ["group", "gd", "gd, masked", "js", "sales of gd", "gd", "gd, masked"]
    for path in paths:
        for who in order:
            client = world.readers[who]
            assert fetched(page, path, client) == plain(path, client), (path, who)


def test_what_a_revoked_key_had_seen_is_not_shown_to_it_again(page: Page, world: World) -> None:
    at_home(page, world)
    issued = world.post("/api-keys", name="short", role="reader", unit="gd")
    with world.client(issued["key"]) as client:
        for path in (f"/customers/{world.south}", f"/opportunities/{world.sale}", "/opportunities"):
            assert fetched(page, path, client)[0] == 200
        world.post(f"/api-keys/{issued['id']}/revoke", reason="lost")
        for path in (f"/customers/{world.south}", f"/opportunities/{world.sale}", "/opportunities"):
            assert fetched(page, path, client)[0] == 401


def test_the_page_of_the_documentation_works_and_forgets_the_key(
    world: World, tmp_path: Path
) -> None:
    with browser(tmp_path) as page:
        page.open(f"{world.address}/livez")
        page.run("localStorage.setItem('authorized', 'of an earlier version')")
        page.said.clear()
        page.open(f"{world.address}/docs")
        page.until("document.querySelectorAll('.opblock-tag').length > 10")
        page.run("document.querySelector('.btn.authorize').click()")
        page.until("!!document.querySelector('.auth-container input')")
        page.tab.fill(".auth-container input", "a-key-that-is-secret")
        page.run("document.querySelector('.auth-container button[type=submit]').click()")
        page.until("document.querySelector('.auth-btn-wrapper button').innerText == 'Logout'")
        kept: list[Any] = page.run("[{...localStorage}, {...sessionStorage}, document.cookie]")
        assert kept == [{}, {}, ""]
        assert page.said == []
