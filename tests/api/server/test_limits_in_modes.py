"""What is too large, too slow or too often is answered by its problem, scaled out too."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from adapters.settings import Settings
from tests.api.conftest import KEY
from tests.api.modes import MODES, administrator, deployed
from tests.hostile.wire import Wire, request

LIMITS = {"header_limit": 2000, "body_limit": 5000, "header_seconds": 1, "body_seconds": 1}
OFTEN = {"rate": 1, "burst": 30}

JSON = "Content-Type: application/json"
SIGNED_IN = f"Authorization: Bearer {KEY}"


@pytest.fixture(scope="module", params=MODES)
def limited(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """What runs with limits that are soon reached."""
    with deployed(request, tmp_path_factory.mktemp("keyline"), **LIMITS, **OFTEN) as settings:
        yield settings


def answered(settings: Settings, *sent: bytes) -> str:
    """Return how a connection on which this is sent, and no more, is answered."""

    async def ask() -> str:
        async with await Wire.open(f"http://{settings.host}:{settings.port}") as wire:
            for each in sent:
                await wire.send(each)
            answer = await wire.answer()
            return "none" if answer is None else answer.name

    return asyncio.run(ask())


def test_headers_that_are_too_large(limited: Settings) -> None:
    header = f"X-Large: {'x' * 3000}"
    assert answered(limited, request("GET", "/livez", header)) == "431 headers-too-large"


def test_headers_that_do_not_come(limited: Settings) -> None:
    assert answered(limited, b"GET /livez HTTP/1.1\r\nHost: k") == "408 headers-too-slow"


def test_a_body_that_is_too_large(limited: Settings) -> None:
    body = b'{"name": "%s", "unit": "group"}' % (b"x" * 6000)
    asked = request("POST", "/customers", SIGNED_IN, JSON, body=body)
    assert answered(limited, asked) == "413 body-too-large"


def test_a_body_that_does_not_come(limited: Settings) -> None:
    asked = request("POST", "/customers", SIGNED_IN, JSON, "Content-Length: 100")
    assert answered(limited, asked, b'{"name": ') == "408 body-too-slow"


def test_requests_that_come_too_often(limited: Settings) -> None:
    with administrator(limited) as client:
        found: list[httpx.Response] = [client.get("/reports") for _ in range(40)]
    assert Counter(each.status_code for each in found).keys() == {200, 429}
    last = found[-1]
    assert last.json()["type"] == "/problems/too-many-requests"
    assert int(last.headers["retry-after"]) >= 1
    assert last.headers["ratelimit"].startswith('"requests";r=0')
