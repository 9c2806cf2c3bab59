"""Whoever registers a customer is told of those that were there and may be the same, always."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.commands.executor import Call
from adapters.storage.databases import connect
from api.customers.similar import Registration, Similar
from domain.customers.customer_profile import Details
from domain.kernel.aggregate import Origin, new_id, registry
from projections.customers.customers import customers
from projections.customers.merges.duplicates import NAMING, Described
from projections.kernel.rows.projector import Projector
from projections.kernel.visibility.row_security import EVERYTHING
from tests.adapters.commands.test_executor import started, stop
from tests.api.asking import register
from tests.api.commands.test_batch import NDJSON, lines, new, results

TIMES = 30


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["id"] for each in answer.get("similar", ())]


def test_of_two_who_register_one_name_at_once_the_second_is_always_told_of_the_first(
    client: httpx.Client,
) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(TIMES):
            name = f"{chr(0x6000 + 11 * number)}{chr(0x7000 + 7 * number)}造船"
            answers = pool.map(lambda name: register(client, name=name), [name, f"{name}公司"])
            first, second = sorted(answers, key=lambda each: each["position"])
            assert ids(second) == [first["id"]]
            assert ids(first) == []


def test_lines_are_told_of_the_lines_before_them(client: httpx.Client) -> None:
    before = register(client, name="Zephyr Turbines")["id"]
    regrade = {"command": "customer.regrade", "id": before, "body": {"grade": "A", "reason": "x"}}
    content = lines(
        new("Zephyr Turbines Ltd"), regrade, new("Yonder Mills"), new("zephyr turbines"), new("")
    )
    found = results(client.post("/commands", content=content, headers=NDJSON))
    assert [each["status"] for each in found] == [201, 200, 201, 201, 422]
    assert ids(found[0]) == [before]
    assert found[0]["similar"][0]["merge"]["body"]["duplicate_id"] == found[0]["id"]
    assert "similar" not in found[2]
    assert set(ids(found[3])) == {before, found[0]["id"]}


def test_traditional_characters_accents_and_width_make_no_other_customer(
    client: httpx.Client,
) -> None:
    for one, other, words in (
        ("华为技术有限公司", "華為技術有限公司", ("華為", "华为")),
        ("Café Crème Brûlée", "ＣＡＦＥ Creme Brulee Ltd", ("cafe", "Café")),
    ):
        first, second = register(client, name=one), register(client, name=other)
        assert ids(second) == [first["id"]]
        for each in words:
            asked = {"q": each, "fields": "id", "min_position": second["position"]}
            found = client.get("/customers", params=asked).json()["items"]
            assert {first["id"], second["id"]} <= {row["id"] for row in found}


class Behind:
    """A journal, and rows that follow it only when they are told to."""

    def __init__(self, url: str, folder: Path) -> None:
        self.executor = started(url)
        self.journal = self.executor.journal
        self.rows = connect(f"sqlite:///{folder}/rows.db", "normal")
        self.projector = Projector(self.rows)
        self.projector.create()
        self.similar = Similar(self.journal, self.rows)

    def do(self, command: str, id_: str | None = None, **body: Any) -> Any:
        return self.executor.execute(Call(command, id_, body, Origin("test", "gd", new_id())))

    def register(self, name: str, **more: str) -> Registration:
        answer = self.do("customer.register", name=name, unit="gd", **more)
        described = Described.by(name, more.get("registration_number"))
        return Registration(answer.id, described, answer.position)

    def follow(self) -> None:
        self.projector.apply(self.journal.read(self.projector.position()))

    def of(self, registration: Registration) -> list[str]:
        (found,) = self.similar.to([registration], EVERYTHING)
        return [each.id for each in found]


@pytest.fixture
def behind(journal_url: str, tmp_path: Path) -> Iterator[Behind]:
    made = Behind(journal_url, tmp_path)
    yield made
    stop(made.executor)
    made.rows.dispose()


def test_what_the_rows_do_not_have_yet_is_told_and_what_came_later_is_not(behind: Behind) -> None:
    one = behind.register("恒沙船厂", registration_number="91440101231234567X")
    two = behind.register("恒沙船厂有限公司")
    three = behind.register("Else", registration_number="9144-0101231234567")
    for _ in range(2):  # from the journal, then from rows that are further than the first two
        assert behind.of(one) == []
        assert behind.of(two) == [one.id]
        assert behind.of(three) == []
        behind.follow()


def test_the_name_is_that_of_now_wherever_it_was_given(behind: Behind) -> None:
    old = behind.register("Former Mills")
    behind.follow()
    behind.do("customer.correct-details", old.id, name="Latter Foundry")
    assert behind.of(behind.register("Former Mills")) == []
    assert behind.of(behind.register("Latter Foundry Ltd")) == [old.id]
    behind.follow()
    assert behind.of(behind.register("Latter foundry")) != []
    assert old.id in behind.of(behind.register("Latter foundry"))


def test_what_the_rows_have_is_not_kept_in_memory(behind: Behind) -> None:
    for number in range(5):
        behind.of(behind.register(f"Kept {number}"))
    assert len(behind.similar._recent) == 5
    behind.follow()
    behind.of(behind.register("The next"))
    assert len(behind.similar._recent) == 1


def test_every_event_that_changes_what_is_compared_is_followed() -> None:
    changing = {each for each in customers.handles if issubclass(registry.events[each], Details)}
    assert "customer.registered" in changing
    assert changing <= set(NAMING)
    assert set(NAMING) <= customers.handles
