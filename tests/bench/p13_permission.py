"""What permission costs over HTTP: somebody with 20 grants, beside a server without checks."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.bench.figure import Figure
from tests.bench.http_load import Outcome, load, regrades
from tests.bench.served import KEY, served

CUSTOMERS = 512
CONNECTIONS = 64
ROUNDS = 4
"""Commands for each customer in one run."""

RUNS = 5
LISTS = 150
"""Lists that are asked for in one run."""

PROVINCES = 20
GOAL = 0.85


def measure() -> Iterator[Figure]:
    """Measure commands at 64 connections and lists one at a time, in turns, and take the middle."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            served("keyline", folder / "checked", processes="1") as checked,
            served("unchecked", folder / "unchecked") as unchecked,
        ):
            servers = [_Site(checked.address, signing_in=True), _Site(unchecked.address)]
            commands = [[site.command() for site in servers] for _ in range(RUNS)]
            lists = [[site.lists() for site in servers] for _ in range(RUNS)]
    own, free = (statistics.median(run[i].rate for run in commands) for i in (0, 1))
    yield Figure("commands, 64 conn.", own, "/s", free, "/s unchecked", at_least=GOAL)
    own, free = (statistics.median(run[i] for run in lists) for i in (0, 1))
    yield Figure("lists of 50 in a province", own, "/s", free, "/s unchecked", at_least=GOAL)


class _Site:
    """A server with an organisation, customers, and somebody signed in who sees one province."""

    def __init__(self, address: str, signing_in: bool = False) -> None:
        self._http = httpx.Client(base_url=address, timeout=60, trust_env=False)
        self._address = address
        self._version = 1
        for number in range(PROVINCES):
            code = f"p{number}"
            self._do("units", code=code, name=code, level="province", parent="group")
        self._do("employees", code="li.wei", name="Li Wei", unit="p0")
        for number in range(PROVINCES):
            grant = {"employee": "li.wei", "role": "province-manager", "unit": f"p{number}"}
            self._do("grants", **grant)
        self._key = self._sign_in() if signing_in else KEY
        self._ids = [
            self._do("customers", name=f"客户 {n}", unit="p0")["id"] for n in range(CUSTOMERS)
        ]

    def command(self) -> Outcome:
        """Send commands to all customers; return how fast they were answered."""
        asked = regrades(self._ids, self._version, ROUNDS)
        found = load(self._address, self._key, asked, CONNECTIONS)
        self._version += ROUNDS
        return found

    def lists(self) -> float:
        """Ask for a list again and again; return how many were answered in a second."""
        headers = {"Authorization": f"Bearer {self._key}"}
        began = time.perf_counter()
        for _ in range(LISTS):
            answer = self._http.get("/customers?sort=name&limit=50", headers=headers)
            assert len(answer.json()["items"]) == 50
        return LISTS / (time.perf_counter() - began)

    def _do(self, path: str, **body: Any) -> Any:
        return self._post(path, KEY, body)

    def _post(self, path: str, key: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        answer = self._http.post(f"/{path}", headers=headers, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _sign_in(self) -> str:
        """Return a token of somebody who has chosen a password."""
        self._do("employees/li.wei/password", password="only-for-the-first-time")
        words = {"old": "only-for-the-first-time", "new": "good-for-many-times"}
        self._post("me/password", self._token(words["old"]), words)
        return self._token(words["new"])

    def _token(self, password: str) -> str:
        body = {"employee": "li.wei", "password": password}
        token: str = self._post("sign-in", KEY, body)["access_token"]
        return token
