"""Of every route: nothing that is asked is ignored, and nothing is asked twice in two ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest

from tests.api.asking import problem
from tests.api.conftest import KEY
from tests.api.documented import committed

JSON_BODY = {"Content-Type": "application/json"}

PAIRS = [("1", "2"), ("2026-01-01", "2026-01-02"), ("true", "false")]
"""Two values of each type that a list is filtered by."""

HIDDEN = ["/", "/docs", "/docs/start.js", "/favicon.ico", "/openapi.json"]
"""What answers without being in the document."""


class Route(NamedTuple):
    """A route with ids that nothing has, and what the document says of it."""

    method: str
    path: str
    said: dict[str, Any]

    def ask(self, client: httpx.Client, query: str = "", content: bytes = b"{}") -> httpx.Response:
        """Send a request with a query and, unless it is a read, a body."""
        body = None if self.method == "GET" else content
        path = f"{self.path}?{query}" if query else self.path
        return client.request(self.method, path, content=body, headers=JSON_BODY)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of its query, each with its description."""
        found = self.said.get("parameters", ())
        return {e["name"]: e.get("description", "") for e in found if e["in"] == "query"}


def drawn() -> dict[str, Route]:
    """Return every route of the document by how it is written there."""
    found = {}
    for path, operations in committed()["paths"].items():
        filled = re.sub(r"\{(\w+)\}", lambda it: "1" if it[1] in NUMBERS else NOTHING, path)
        for method, said in operations.items():
            found[f"{method} {path}"] = Route(method.upper(), filled, said)
    return found | {f"get {path}": Route("GET", path, {}) for path in HIDDEN}


NOTHING, NUMBERS = "0199a3a1-0000-7000-8000-000000000000", {"position", "number"}
ROUTES = drawn()
ASKED = [label for label, route in ROUTES.items() if route.parameters]
TAKING = [
    label
    for label, route in ROUTES.items()
    if "application/json" in route.said.get("requestBody", {}).get("content", ())
]


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    """The administrator's client, one for all routes."""
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        yield client


def test_the_routes_are_all_there() -> None:
    assert len(ROUTES) > 180
    assert sum(len(ROUTES[label].parameters) for label in ASKED) > 1000
    assert len(TAKING) > 110


@pytest.mark.parametrize("label", ROUTES)
def test_a_parameter_that_a_route_does_not_have_is_refused(
    client: httpx.Client, label: str
) -> None:
    found = problem(ROUTES[label].ask(client, "colour=red&shade"), 422, "invalid-parameter")
    assert [each["parameter"] for each in found["errors"]] == ["colour", "shade"]


@pytest.mark.parametrize("label", ROUTES)
def test_two_values_of_a_header_are_refused(client: httpx.Client, label: str) -> None:
    request = client.build_request(ROUTES[label].method, ROUTES[label].path)
    request.headers = httpx.Headers([*request.headers.items(), *[("On-Behalf-Of", "admin")] * 2])
    problem(client.send(request), 400, "malformed-header")


@pytest.mark.parametrize("label", TAKING)
def test_two_values_of_a_key_are_refused(client: httpx.Client, label: str) -> None:
    answer = ROUTES[label].ask(client, content=b'{"name": "One", "unit": "x", "name": "One"}')
    if label == "post /commands":
        assert answer.status_code == 200
        found = answer.json()["problem"]
        assert found["type"] == "/problems/malformed-body"
    else:
        found = problem(answer, 400, "malformed-body")
    assert "twice the key" in found["detail"]


@pytest.mark.parametrize("label", ASKED)
def test_two_values_of_a_parameter_are_refused_or_one_of_them_is_meant(
    client: httpx.Client, label: str
) -> None:
    route = ROUTES[label]
    meant = {name for name, said in route.parameters.items() if SEVERAL.search(said)}
    once = [name for name in route.parameters if name not in meant]
    refused = problem(route.ask(client, twice(once, "1", "2")), 422, "invalid-parameter")
    if len(refused["errors"]) < len(once):  # filters of a list are refused one by one
        for name in once:
            found = problem(route.ask(client, twice([name], "1", "2")), 422, "invalid-parameter")
            assert found["detail"].endswith(f"Give {name!r} once.")
    amounts = ""
    if "/records" in label and "currency" in meant:  # amounts are explained in one
        amounts = "&currency=CNY"
        meant.discard("currency")
    for path, needed in NEEDED.items():
        if path in label:  # what has to be asked for
            amounts += f"&{urlencode(needed)}"
            meant -= needed.keys()
    if meant:
        pairs = {name: list(PAIRS) for name in sorted(meant)}
        while (answer := route.ask(client, asked(pairs, TWICE) + amounts)).status_code == 422:
            for fault in answer.json()["errors"]:  # its values are of another type
                name = fault["parameter"]
                pairs[name].pop(0)
                if not pairs[name] or "nothing in sight" in fault["detail"]:
                    del pairs[name]  # nothing is called so, however it is asked for
                    queries = (asked({name: PAIRS}, form) + amounts for form in (TWICE, LISTED))
                    either, listed = (route.ask(client, query) for query in queries)
                    assert told_in(either) == told_in(listed)
        assert answer.status_code == 200, answer.text
        listed = route.ask(client, asked(pairs, LISTED) + amounts)
        assert told_in(answer) == told_in(listed)


NEEDED = {
    "/statistics": {"measures": "tickets"},
    "decile-moves": {
        "measures": "pipeline.amount",
        "compare": "previous",
        "from": "2026-01-01",
        "to": "2026-03-31",
    },
}
"""What some reads have to be asked for with."""

SEVERAL = re.compile(r"\b(one of these|any of)\b.*with commas between")
TWICE, LISTED = "{0}={1}&{0}={2}", "{0}={1},{2}"


def told_in(answer: httpx.Response) -> Any:
    """Return what an answer tells: what is exported as it comes."""
    json = answer.headers["content-type"].endswith("json")
    return without_links(answer.json()) if json else answer.text


def without_links(found: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the links in which the query is repeated."""
    rows = [{**row, "explain": None} for row in found.get("rows", ())]
    return {**found, "next": None, "rows": rows}


def asked(pairs: Mapping[str, Sequence[tuple[str, str]]], form: str) -> str:
    """Return a query that asks for either of the first two values of each parameter."""
    return "&".join(form.format(name, *values[0]) for name, values in pairs.items())


def twice(names: Iterable[str], one: str, other: str) -> str:
    """Return a query in which each parameter has two values."""
    return "&".join(f"{name}={one}&{name}={other}" for name in names)
