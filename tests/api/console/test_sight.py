"""What each role is shown is what the API answers it: every cell of lists, records, customers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest

from api.console.sheets import Sheet, moment
from api.console.texts import Words
from domain.service.service_terms import Rung
from projections.kernel.read_model import read_models
from projections.kernel.summary import listed
from tests.api.console.staff import Looking, Staff, lists

ROLES = ("group-manager", "province-manager", "account-manager", "service-agent", "analyst")
HIDDEN = "●●●"
ANY = Sheet.of(read_models()["customers"], Words("en"))
CELL = re.compile(r"<(td|dd)\b[^>]*>(.*?)</\1>", re.DOTALL)


@pytest.fixture(scope="module")
def people(staff: Staff) -> Staff:
    """The same world with somebody of each standard role in the south, whose sales are closed."""
    for role in ROLES:
        staff.world.make("/employees", code=role, name=role, unit="gd")
        staff.world.make("/grants", employee=role, role=role, unit="gd")
        staff.password(role)
    won = staff.world.offer("gd", staff.world.south, "4321.00")
    staff.world.post(f"/opportunities/{won}/win", amount="4321.00")
    staff.settled()
    return staff


def readable(value: Any) -> Iterator[str]:
    """Yield how everything in an answer may read in a cell."""
    if isinstance(value, dict):
        yield ANY.told("", value)
        for name, each in value.items():
            if name != "columns":  # what a report calls its figures
                yield from readable(each)
    elif isinstance(value, list):
        yield ANY.told("", value)
        yield ", ".join(map(str, value))
        for each in value:
            yield from readable(each)
    elif isinstance(value, bool):
        yield "✓" if value else "✗"
        yield str(value)
    elif value is not None:
        yield str(value)
        with suppress(InvalidOperation):
            yield f"{Decimal(str(value)):,.2f}"
        with suppress(ValueError):
            yield moment(str(value))


class Reader:
    """Somebody who reads the pages, and asks the API for the same."""

    def __init__(self, staff: Staff, code: str) -> None:
        self.looking: Looking = staff.looking(code, "en")
        self._admin, self._headers = staff.world.admin, staff.tokens(code)

    def api(self, path: str, **query: Any) -> set[str]:
        """Return all that the API says, as it may read; nothing where it refuses."""
        answer = self._admin.get(path, params=query, headers=self._headers)
        assert answer.status_code in (200, 403, 404), answer.text
        return {*readable(answer.json())} if answer.status_code == 200 else set()

    def page(self, path: str) -> str:
        answer = self.looking.get(f"/console{path}")
        assert answer.status_code == 200, answer.text
        return answer.text


def cells(page: str) -> list[str]:
    """Return what the cells of a page say."""
    said = (re.sub(r"<[^>]+>", "", inner) for _, inner in CELL.findall(page))
    return [re.sub(r"\s+", " ", html.unescape(each)).strip() for each in said]


def expanded(plural: str) -> dict[str, str]:
    """Return what is asked of the API so that codes have names."""
    model = next(each for each in listed().values() if each.plural == plural)
    return dict(Sheet.of(model, Words("en")).called())


def glance(reader: Reader, id_: str) -> set[str]:
    """Return what the API says of all that is on the page of a customer."""
    known = reader.api(f"/customers/{id_}", **expanded("customers"))
    known |= reader.api(f"/customers/{id_}/page", named=True)
    for plural in ("service-tickets", "contracts"):
        known |= reader.api(f"/{plural}", customer_id=id_, **expanded(plural))
    for report, by in (("pipeline", "stage"), ("sales", "month")):
        known |= reader.api(f"/reports/{report}", by=by, customer=id_)
    for by in ("month", "product"):
        known |= reader.api("/reports/revenue", by=by, measures="billed", customer=id_)
    return known


@pytest.mark.parametrize("code", [*ROLES, "chief", "south", "masked", "admin2"])
def test_every_cell_that_is_shown_is_in_the_answer_of_the_api(people: Staff, code: str) -> None:
    reader, world, told = Reader(people, code), people.world, 0
    for place in lists(reader.looking.get("/console")):
        plural = place.rpartition("/")[2]
        if plural not in {model.plural for model in listed().values()}:
            continue
        known = reader.api(f"/{plural}", limit=50, **expanded(plural)) | {"", HIDDEN}
        page = reader.page(f"/{plural}")
        unknown = [each for each in cells(page) if each not in known]
        assert unknown == [], plural
        told += len(cells(page))
    for path in (f"/opportunities/{world.sale}", f"/service-tickets/{world.ticket}"):
        if known := reader.api(path, **expanded(path.split("/")[1])):
            shown = cells(reader.page(path))
            assert [each for each in shown if each not in known | {"", HIDDEN}] == [], path
    assert told > 20
    shown = cells(page := reader.page(f"/customers/{world.south}"))
    known = glance(reader, world.south) | {"", HIDDEN}
    todos = reader.api("/me/todos", customer_id=world.south, limit=10)
    assert [each for each in shown if each not in known | todos] == []
    boss = glance(Reader(people, "admin2"), world.south)
    secrets = {each for each in boss - known if len(each) >= 5} - {*Rung}  # words of any page
    assert [each for each in secrets if each in html.unescape(page)] == []
    for told_to_some in ("90.00", "+86 20 1234 5678", "4,321.00"):
        assert (told_to_some in page) is (told_to_some in known), told_to_some


def test_nothing_of_a_customer_out_of_sight_is_on_any_page(people: Staff) -> None:
    reader = Reader(people, "account-manager")
    answer = reader.looking.get(f"/console/customers/{people.world.east}")
    assert (answer.status_code, 'role="alert"' in answer.text) == (404, True)
    timeline = reader.looking.get(f"/console/customers/{people.world.east}/timeline")
    assert timeline.status_code == 404
    for page in (answer.text, timeline.text):
        assert "华南电力公司" not in page
    assert people.world.east not in reader.page("/customers")


def test_the_timeline_tells_of_all_that_belongs_to_a_customer(people: Staff) -> None:
    page = Reader(people, "chief").page(f"/customers/{people.world.south}/timeline")
    headers = people.tokens("chief")
    ask = {"from_position": 0, "limit": 200}
    path = f"/customers/{people.world.south}/digest"
    found = people.world.admin.get(path, params=ask, headers=headers).json()["items"]
    assert {"customer", "opportunity", "service-ticket"} <= {each["kind"] for each in found}
    said = html.unescape(page)
    for each in found:
        for sentence in each["sentences"]:
            assert sentence["sentence"] in said
    positions = [int(each) for each in re.findall(r'/console/events/(\d+)"', page)]
    assert positions == sorted(positions, reverse=True)
    assert len(positions) == sum(len(each["sentences"]) for each in found)
