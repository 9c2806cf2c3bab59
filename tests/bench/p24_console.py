"""The console: a customer's page against its JSON, what a first visit transfers, memory."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.bench.figure import Figure
from tests.bench.served import KEY, served

PASSWORD = "a first winding road", "a second winding road"
"""The one that is given, and the one that is chosen."""

CUSTOMERS, TIMES = 50, 4
"""Pages that are looked at, and how often each: in turn as HTML and as JSON."""

READS = (
    *("/me", "/me/permissions", "/customers/{id}", "/customers/{id}/page?named=true"),
    "/customers/{id}/history?sort=-position&limit=50",
    "/service-tickets?customer_id={id}&sort=-opened_at&limit=10",
    "/contracts?customer_id={id}&sort=last_day&limit=10",
    *("/reports/pipeline?by=stage&customer={id}", "/me/todos?customer_id={id}&limit=10"),
    "/reports/sales?by=month&customer={id}&outcome=won",
    *(f"/reports/revenue?by={by}&measures=billed&customer={{id}}" for by in ("month", "product")),
)
"""What a portal would read to show as much as the page of a customer."""

FIRST_VISIT, MEMORY = 150.0, 40.0
"""Kilobytes, packed, and megabytes."""


def measure() -> Iterator[Figure]:
    """Measure on the demo data, as whoever may see everything.

    The pages are in the process that answers; the warehouse's grows with what is read, as page or
    as JSON, which is why all of it is read before.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        served("keyline", Path(folder), demo="1") as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=120) as client,
    ):
        ids = _customers(client)
        api = {"Authorization": f"Bearer {KEY}"}
        with ThreadPoolExecutor(len(READS)) as at_once:  # as a page does, and a portal may
            for id_ in ids * TIMES:
                paths = [[each.format(id=id_)] for each in READS]
                list(at_once.map(lambda path: _seconds(client, path, api), paths))
        client.headers["Cookie"] = _signed_in(client)  # which takes memory without a console
        before = server.memory_answering
        yield Figure("a first visit, packed", _visit(client), "kB", FIRST_VISIT, "kB", at_most=1.0)
        html, json = list[float](), list[float]()
        for id_ in ids * TIMES:
            html.append(_seconds(client, [f"/console/customers/{id_}"]))
            json.append(_seconds(client, [each.format(id=id_) for each in READS], api))
        value, limit = (statistics.median(each) * 1000 for each in (html, json))
        yield Figure("a customer's page, p50", value, "ms", limit, "ms its JSON", at_most=2.5)
        grown = server.memory_answering - before
        yield Figure("memory that the pages take", grown, "MB", MEMORY, "MB", at_most=1.0)


def _customers(client: httpx.Client) -> list[str]:
    """Return ids of customers, once the demo data is there."""
    api = {"Authorization": f"Bearer {KEY}"}
    while client.get("/readyz").status_code != 200:
        time.sleep(1)
    asked = {"limit": str(CUSTOMERS), "sort": "-annual_revenue", "state": "active"}
    found = client.get("/customers", params=asked, headers=api).raise_for_status().json()
    return [each["id"] for each in found["items"]]


def _signed_in(client: httpx.Client) -> str:
    """Return the cookie of somebody who may see everything."""
    api = {"Authorization": f"Bearer {KEY}"}
    first, chosen = PASSWORD
    for path, body in {
        "/employees": {"code": "bench", "name": "Bench", "unit": "group"},
        "/grants": {"employee": "bench", "role": "administrator", "unit": "group"},
        "/employees/bench/password": {"password": first},
    }.items():
        client.post(path, json=body, headers=api).raise_for_status()
    tokens = client.post("/sign-in", json={"employee": "bench", "password": first}).json()
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    change = {"old": first, "new": chosen}
    client.post("/me/password", json=change, headers=own).raise_for_status()
    form = {"employee": "bench", "password": chosen}
    origin = {"Origin": str(client.base_url).rstrip("/")}
    answer = client.post("/console/sign-in", data=form, headers=origin)
    return answer.headers["set-cookie"].partition(";")[0]


def _visit(client: httpx.Client) -> float:
    """Return the kilobytes that the first page comes to with its styles and scripts."""
    page = client.get("/console").raise_for_status()
    parts = re.findall(r'(?:src|href)="(/console/(?:static|vendor)/[^"]+)"', page.text)
    return sum(_transferred(client, path) for path in ("/console", *parts)) / 1000


def _transferred(client: httpx.Client, path: str) -> int:
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        answer.raise_for_status()
        return sum(map(len, answer.iter_raw()))


def _seconds(
    client: httpx.Client, paths: Iterable[str], who: Mapping[str, str] | None = None
) -> float:
    """Return how long it takes to read some paths one after another."""
    began = time.perf_counter()
    for path in paths:
        client.get(path, headers=who).raise_for_status()
    return time.perf_counter() - began
