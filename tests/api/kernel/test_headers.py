"""A header that has one value is refused when it has two; none is taken in silence."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import api
from api.kernel.headers import LISTS, ONCE, once_each
from api.kernel.problems import MalformedHeader
from tests.api.asking import head, problem

READ = re.compile(
    r"""(?<!error\.)\bheaders\.get\(b?["']([a-z-]+)["']"""
    r"""|\b([a-z_]+): Annotated\[[^\]]*?, Header\("""
)


OF_THE_CLIENT = frozenset({b"content-length", b"host"})
"""Headers that the client of the tests does not send twice."""


def test_every_header_that_is_read_is_known_to_have_one_value_or_many() -> None:
    sources = [file.read_text() for file in Path(api.__file__).parent.glob("**/*.py")]
    found = {
        (one or other).replace("_", "-").encode()
        for source in sources
        for one, other in READ.findall(source)
    }
    assert {b"authorization", b"idempotency-key", b"if-none-match", b"last-event-id"} <= found
    assert found - ONCE - LISTS == set()


@pytest.mark.parametrize("name", sorted(ONCE - OF_THE_CLIENT))
def test_a_header_with_two_values_is_refused_though_they_are_alike(
    client: httpx.Client, name: bytes
) -> None:
    given = {
        b"authorization": client.headers["authorization"],
        b"content-type": "application/json",
        b"if-match": '"1"',
        b"traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
    }
    value = given.get(name, "1")
    before = head(client)
    text = name.decode()
    others = [(n, v) for n, v in client.headers.items() if n.lower() != text]
    with httpx.Client(base_url=client.base_url, trust_env=False) as plain:
        plain.headers.clear()
        for method, path in (("POST", "/customers"), ("POST", "/commands"), ("GET", "/customers")):
            answer = plain.request(
                method,
                path,
                headers=[*others, (text, value), (text.title(), value)],
                content=b'{"name": "Twice", "unit": "group"}' if method == "POST" else None,
            )
            found = problem(answer, 400, "malformed-header")
            assert found["detail"].lower().startswith(text)
    assert head(client) == before


def test_lines_of_a_list_are_one_and_others_are_left_alone() -> None:
    lines = [(b"accept", b"a/b"), (b"x-other", b"1"), (b"accept", b"c/d"), (b"x-other", b"2")]
    assert once_each(lines) == [(b"accept", b"a/b, c/d"), (b"x-other", b"1"), (b"x-other", b"2")]


@pytest.mark.parametrize("name", sorted(ONCE))
def test_a_header_is_named_as_people_write_it(name: bytes) -> None:
    with pytest.raises(MalformedHeader, match=f"^{name.decode().title()} "):
        once_each([(name, b"1"), (b"accept", b"a/b"), (name, b"1")])
