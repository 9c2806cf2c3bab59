"""Whoever asks for what is to go is told so, until when it is there and what takes its place."""

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from api.kernel import deprecations
from api.kernel.deprecations import Deprecation, deprecate, told
from domain.kernel.time.business_day import begin_of, end_of
from tests.api.asking import register
from tests.api.documented import committed

GOING = Deprecation(date(2026, 3, 1), date(2026, 9, 30), "/things/new")
SOON = Deprecation(date(2026, 4, 1), date(2026, 6, 30), "/others")


@pytest.fixture
def thing(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(deprecations, "_known", {})
    return "thing.list"


def last_second(going: Deprecation) -> datetime:
    return end_of(going.until).replace(microsecond=0)


def moments(headers: list[tuple[bytes, bytes]]) -> tuple[datetime, datetime]:
    given = {name.decode(): value.decode() for name, value in headers}
    since = datetime.fromtimestamp(int(given["deprecation"].removeprefix("@")), UTC)
    return since, parsedate_to_datetime(given["sunset"])


def test_a_former_spelling_is_answered_as_before_and_says_what_is_to_be_asked(
    client: httpx.Client,
) -> None:
    register(client)
    former = client.get("/customers", params={"format": "csv", "fields": "name"})
    now = client.get("/customers/export", params={"format": "csv", "fields": "name"})
    assert former.text == now.text
    assert former.headers["link"] == '</customers/export>; rel="successor-version"'
    since = int(former.headers["deprecation"].removeprefix("@"))
    assert parsedate_to_datetime(former.headers["sunset"]).timestamp() > since
    for other in (now, client.get("/customers", params={"fields": "name"})):
        assert not {"deprecation", "sunset"} & other.headers.keys()


def test_an_operation_that_goes_says_so_to_everybody(thing: str) -> None:
    deprecate(thing, None, GOING)
    assert moments(told(thing, b"")) == (
        begin_of(GOING.since),
        last_second(GOING),
    )


def test_a_parameter_that_goes_says_so_to_those_who_send_it(thing: str) -> None:
    deprecate(thing, "old", GOING)
    assert told(thing, b"new=old&older=1") == []
    assert told("thing.read", b"old=1") == []
    assert told(thing, b"%6fld=")


def test_of_several_the_first_day_and_the_first_end_are_told(thing: str) -> None:
    deprecate(thing, "old", GOING)
    deprecate(thing, "older", SOON)
    headers = told(thing, b"old=1&older=2")
    assert moments(headers) == (begin_of(GOING.since), last_second(SOON))
    link = b'</things/new>; rel="successor-version", </others>; rel="successor-version"'
    assert (b"link", link) in headers


def test_the_document_says_what_goes_and_nothing_else() -> None:
    found = {
        (operation["operationId"], each["name"])
        for operations in committed()["paths"].values()
        for operation in operations.values()
        for each in (operation, *operation["parameters"])
        if each.get("deprecated") and "name" in each
    }
    known = {(id_, name) for id_, each in deprecations._known.items() for name in each}
    assert found == known
    assert ("customer.list", "format") in found
