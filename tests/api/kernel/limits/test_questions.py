"""Questions that take long are answered in turn, and every read is one or is known to be cheap."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from adapters.settings import Settings, SettingsError
from adapters.storage import query_timeout as patience
from adapters.storage.databases import connect
from api.kernel.access.authentication import ADMINISTRATOR, Principal
from api.kernel.limits.questions import Questions
from api.kernel.problems import TooManyQuestions
from projections.kernel.read_model import ReadModel
from projections.kernel.reports.analyses import ANALYSES
from projections.kernel.summary import listed
from tests.api.conftest import KEY, serving

SOMEBODY = Principal("ann", "group")

LISTS = {f"/{each.plural}" for each in listed().values()}

APART = {f"/{each.plural}/{step}" for each in listed().values() for step in each.apart}

CHEAP = {
    *LISTS,
    *APART,
    *(f"{path}/{{id}}" for path in LISTS),
    *("/working-calendars/{id}/due", "/working-calendars/{id}/worked"),
    *("/contacts", "/customers/{id}/page", "/me", "/me/permissions", "/permissions", "/reports"),
    *("/measures", "/dimensions", "/analyses"),
    *("/imports", "/imports/{id}", "/imports/{id}/errors"),
    *("/livez", "/readyz", "/metrics", "/problems", "/problems/{name}", "/parked"),
    *("/proofs/head", "/proofs/keys", "/proofs/consistency", "/proofs/verifier"),
    *("/proofs/events/{position}", "/proofs/operations/{number}"),
}
"""Reads by a key or an index, or of what is in memory; all others wait for their turn."""

LASTING = {"/operations/export", "/system-log/export"}
"""Reads that go on for as long as they are taken: they wait for a turn of streams as long."""

VALUES = {
    "id": "00000000-0000-0000-0000-000000000000",
    "command_id": "none",
    "name": "crowded",
    "position": "1",
    "number": "1",
}
GIVEN = {
    "/late-entries": "?valid_at=2026-01-31&since=0",
    "/statistics": "?measures=tickets",
    "/statistics/export": "?measures=tickets",
    **{
        f"/analyses/{name}{more}": "?measures=sales.won"
        for name in ANALYSES
        for more in ("", "/export", "/records", "/records/export")
    },
    "/proofs/consistency": "?from=0",
    "/customers/{id}/digest": "?from_position=0",
    "/access/who": f"?record={VALUES['id']}",
    "/access/seen": f"?record={VALUES['id']}",
    "/working-calendars/{id}/due": "?from=2026-02-13&hours=4",
    "/working-calendars/{id}/worked": "?from=2026-02-13&to=2026-02-14",
    "/contacts": "?phone=10086",
    "/products/{id}/price": "?unit=group",
    "/access/why": "?permission=customer.read&unit=group",
}


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server that has no turn for anybody."""
    folder = tmp_path_factory.mktemp("keyline")
    settings = Settings(data=folder, port=0, admin_key=KEY, questions=0, questions_wait=0)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        yield client


def refused(answer: httpx.Response) -> bool:
    """Tell whether there was no turn."""
    if answer.status_code != 503:
        assert answer.status_code in (200, 404), answer.text
        return False
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == "/problems/too-many-questions"
    return True


def test_every_read_is_cheap_or_waits_for_its_turn(without: httpx.Client) -> None:
    document = without.get("/openapi.json").json()["paths"]
    assert document.keys() > LASTING
    asked = {
        path: refused(without.get(path.format_map(VALUES) + GIVEN.get(path, "")))
        for path in document.keys() - LASTING
        if "get" in document[path]
    }
    assert {path for path, waits in asked.items() if not waits} == CHEAP & asked.keys()
    assert len(asked) - len(CHEAP & asked.keys()) > 25


@pytest.mark.parametrize(
    "query",
    ["as_of_position=1", "valid_at=2026-01-31", "format=csv", "limit=101"],
)
def test_a_list_waits_for_its_turn_when_it_is_of_the_past_long_or_whole(
    without: httpx.Client, query: str
) -> None:
    for model in listed().values():
        assert refused(without.get(f"/{model.plural}?{query}")), model.plural


@pytest.mark.parametrize("query", ["count=exact", "q=x"])
def test_a_list_that_is_searched_or_counted_waits_for_its_turn_if_it_takes_longer(
    without: httpx.Client, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [each for each in listed().values() if each.search or query != "q=x"]
    for model in some:
        if isinstance(model, ReadModel):
            assert not refused(without.get(f"/{model.plural}?{query}&sort=id")), model.plural
    monkeypatch.setattr(patience, "_STEPS", 20)
    monkeypatch.setattr(patience, "_MOMENT", 0)
    for model in some:
        assert refused(without.get(f"/{model.plural}?{query}&sort=-id")), model.plural


def test_a_record_of_the_past_waits_for_its_turn(without: httpx.Client) -> None:
    for path in (f"/customers/{VALUES['id']}", f"/customers/{VALUES['id']}/page"):
        assert refused(without.get(f"{path}?as_of_position=1"))


def test_one_has_a_share_of_the_turns_and_others_the_rest() -> None:
    async def ask() -> None:
        questions, go_on = Questions(3, 2, 0), threading.Event()
        first = [asyncio.create_task(questions.ask(SOMEBODY, go_on.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyQuestions):
            await questions.ask(SOMEBODY, bool)
        assert await questions.ask(ADMINISTRATOR, str) == ""
        other = asyncio.create_task(questions.ask(ADMINISTRATOR, go_on.wait))
        await asyncio.sleep(0)
        with pytest.raises(TooManyQuestions):
            await questions.ask(ADMINISTRATOR, bool)
        go_on.set()
        assert await asyncio.gather(*first, other) == [True] * 3
        assert await questions.ask(SOMEBODY, str) == ""
        assert not questions._each._own

    asyncio.run(ask())


def test_who_waits_gets_the_next_turn_even_after_a_failure() -> None:
    async def ask() -> None:
        questions, go_on = Questions(1, 1, 20), threading.Event()

        def fail() -> None:
            go_on.wait()
            raise ValueError("failed")

        failing = asyncio.create_task(questions.ask(SOMEBODY, fail))
        await asyncio.sleep(0)
        given_up = asyncio.create_task(questions.ask(ADMINISTRATOR, str))
        waiting = asyncio.create_task(questions.ask(ADMINISTRATOR, str))
        await asyncio.sleep(0)
        given_up.cancel()
        go_on.set()
        with pytest.raises(ValueError, match="failed"):
            await failing
        assert await waiting == ""

    asyncio.run(ask())


def test_a_report_that_takes_too_long_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "TICK", 0.0005)
    headers = {"Authorization": f"Bearer {KEY}"}
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, question_seconds=0)
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        answer = client.get("/reports/pipeline?by=stage")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"] == "/problems/question-too-long"
        assert client.get("/livez").status_code == 200


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["customers", "operations"])
def test_a_list_that_takes_too_long_is_told_so(
    tmp_path: Path, postgres_url: str, table: str
) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    settings = Settings(
        data=tmp_path, port=0, admin_key=KEY, journal=postgres_url, question_seconds=1
    )
    engine = connect(postgres_url)
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        assert client.get(f"/{table}").status_code == 200
        with engine.begin() as connection:
            connection.execute(sa.text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            answer = client.get(f"/{table}")
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/question-too-long"
        for _ in range(20):
            assert client.get(f"/{table}").status_code == 200
    engine.dispose()


@pytest.mark.parametrize("text", ["512", "0MB", "much", "-1GB", "1.5GB"])
def test_the_memory_of_the_warehouse_is_a_size(text: str) -> None:
    with pytest.raises(SettingsError, match="512MB"):
        Settings.read({"KEYLINE_WAREHOUSE_MEMORY": text})
