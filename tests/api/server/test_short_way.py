"""Reads take the short way, and are answered there as the framework would answer them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from adapters.settings import Settings
from api.kernel.routers import routers
from api.server.short_way import ShortWay
from tests.api.conftest import KEY, serving
from tests.api.kernel.test_parameters import ROUTES
from tests.volume import FULL

READS = [label for label, route in ROUTES.items() if route.method == "GET"]

ODD = ["", "-1", "9" * 30, "ü,x"]
"""Values that hardly any parameter takes: one for each of them, in full all for all."""


def _differing() -> dict[str, list[str]]:
    """Return the parameters of each read, but one that is like another's once."""
    found, seen = {}, set()
    for label in READS:
        declared = {each["name"]: each for each in ROUTES[label].said.get("parameters", ())}
        names = [name for name in ROUTES[label].parameters if str(declared[name]) not in seen]
        seen |= {str(each) for each in declared.values()}
        found[label] = names
    return found


DIFFERING = _differing()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of two servers, of which the second has no short way for reads."""
    headers = {"Authorization": f"Bearer {KEY}"}
    folders: list[Path] = [tmp_path_factory.mktemp(name) for name in ("short", "long")]
    settings = [Settings(data=folder, port=0, admin_key=KEY) for folder in folders]
    with pytest.MonkeyPatch.context() as patch, serving(settings[0]) as short:
        patch.setattr("api.app.ShortWay", lambda _: ShortWay([]))
        with (
            serving(settings[1]) as long,
            httpx.Client(base_url=short, headers=headers, trust_env=False) as one,
            httpx.Client(base_url=long, headers=headers, trust_env=False) as other,
        ):
            yield one, other


def _told(response: httpx.Response) -> tuple[Any, ...]:
    refused = response.status_code >= 400
    kind = response.headers.get("content-type")
    content = response.json() if refused else None
    return response.status_code, kind, content and {**content, "instance": None}


def test_every_read_that_is_declared_takes_the_short_way() -> None:
    way = ShortWay(routers())
    declared = 0
    for router in routers():
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                path = re.sub(r"\{.*?\}", "1", route.path)
                read = way.find({"path": path})
                assert read is not None
                assert read.route is route
                declared += 1
    assert declared > 80


@pytest.mark.parametrize("path", ["", "nothing", "//", "/customers/", "/customers/1/2/3/4"])
def test_what_is_no_read_does_not(path: str) -> None:
    assert ShortWay(routers()).find({"path": path}) is None


@pytest.mark.parametrize("label", READS)
def test_both_ways_answer_alike(both: tuple[httpx.Client, httpx.Client], label: str) -> None:
    route = ROUTES[label]
    queries = [f"{name}={odd}" for name in DIFFERING[label] for odd in ODD]
    for query in ["", *(queries if FULL else queries[:: len(ODD) + 1])]:
        one, other = (_told(route.ask(client, query)) for client in both)
        assert one == other, query
