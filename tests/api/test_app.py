"""The whole server: it ends cleanly, refuses what is too much, and works in several processes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from adapters.journal.journal import Journal
from adapters.settings import Settings
from tests.api.asking import problem, register, until_ready
from tests.api.conftest import KEY, serving

HEADERS = {"Authorization": f"Bearer {KEY}"}


def test_a_server_ends_though_somebody_follows_its_events(tmp_path: Path) -> None:
    ended = threading.Event()

    def follow(address: str) -> None:
        with httpx.stream(
            "GET",
            f"{address}/events",
            headers=HEADERS | {"Accept": "text/event-stream"},
            timeout=60,
            trust_env=False,
        ) as answer:
            following.set()
            for _ in answer.iter_lines():
                pass
        ended.set()

    following = threading.Event()
    with serving(Settings(data=tmp_path, port=0, admin_key=KEY)) as address:
        thread = threading.Thread(target=follow, args=[address])
        thread.start()
        assert following.wait(30)
    thread.join(30)
    assert ended.is_set()


def test_the_first_request_does_not_wait_for_routes_to_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object, **__: object) -> None:
        raise AssertionError("a route is built while somebody waits for it")

    with serving(Settings(data=tmp_path, port=0, admin_key=KEY)) as address:
        monkeypatch.setattr("fastapi.routing.get_dependant", late)
        answer = httpx.get(f"{address}/units", headers=HEADERS, timeout=30, trust_env=False)
        assert answer.status_code == 200


def test_what_was_acknowledged_is_there_after_a_new_start(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=HEADERS, trust_env=False) as client,
    ):
        made = register(client, name="Kept")
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=HEADERS, trust_env=False) as client,
    ):
        found = client.get(f"/customers/{made['id']}", params={"min_position": made["position"]})
        assert found.json()["name"] == "Kept"


def test_more_commands_than_may_wait_are_told_to_come_again(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, queue=2)
    body = {"name": "One of many", "unit": "group"}
    with serving(settings) as address:
        other = Journal(settings.journal_url)

        def send(_: int) -> httpx.Response:
            return httpx.post(
                f"{address}/customers", json=body, headers=HEADERS, timeout=60, trust_env=False
            )

        with ThreadPoolExecutor(8) as pool:
            with other.transaction():  # another process has the journal: nothing is written
                answers = [pool.submit(send, number) for number in range(8)]
                while sum(answer.done() for answer in answers) < 4:
                    time.sleep(0.01)
                turned_away = [answer.result() for answer in answers if answer.done()]
            answered = [answer.result() for answer in answers]
        other.close()
    for answer in turned_away:
        problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
    # One or two that the writer has in its hands, and two that wait, entries of logs among them.
    assert 2 <= sum(answer.status_code == 201 for answer in answered) <= 4
    assert {answer.status_code for answer in answered} == {201, 503}


def test_reports_and_the_past_are_answered_by_the_process_that_owns_the_warehouse(
    tmp_path: Path,
) -> None:
    whole = Settings(data=tmp_path / "api", port=0, admin_key=KEY)
    whole.data.mkdir()
    apart = replace(
        whole,
        data=tmp_path / "warehouse",
        journal=whole.journal_url,
        master_key=str(whole.master_key_path),
        keys=whole.keys_url,
    )
    with (
        serving(apart, "warehouse") as warehouse,
        serving(replace(whole, warehouse=warehouse)) as address,
        httpx.Client(base_url=address, headers=HEADERS, trust_env=False, timeout=30) as client,
    ):
        position = register(client, grade="A")["position"]
        ask = {"by": "grade", "min_position": position, "measures": "customers"}
        found = client.get("/reports/customers", params=ask)
        (row,) = found.json()["rows"]
        assert (row["grade"], row["customers"]) == ("A", 1)
        register(client, grade="A")
        behind = client.get(row["explain"]).json()["items"]  # as it was, so without the second
        assert [item["contributions"]["customers"] for item in behind] == [1]
        problem(client.get("/reports/customers?by=colour"), 422, "invalid-parameter")
        past = client.get("/customers", params={"as_of_position": 1})
        assert past.json()["items"] == []
        assert not (whole.data / "warehouse.duckdb").exists()
        answer = httpx.post(f"{warehouse}/customers", json={}, headers=HEADERS, trust_env=False)
        problem(answer, 405, "method-not-allowed")
        with httpx.Client(base_url=warehouse, trust_env=False) as there:
            assert until_ready(there)["parts"].keys() >= {"warehouse"}
        assert httpx.get(f"{warehouse}/reports", trust_env=False).status_code == 401


def test_a_warehouse_that_does_not_answer_is_said_to_be_away(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, warehouse="http://127.0.0.1:9")
    with serving(settings) as address:
        answer = httpx.get(f"{address}/reports/customers", headers=HEADERS, trust_env=False)
        problem(answer, 503, "warehouse-unavailable")
        assert answer.headers["retry-after"] == "1"
        with httpx.Client(base_url=address, trust_env=False) as here:
            assert "warehouse" not in until_ready(here)["parts"]


@pytest.mark.postgres
def test_the_same_server_runs_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, journal=postgres_url)
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=HEADERS, trust_env=False, timeout=30) as client,
    ):
        made = register(client, name="广州天河科技", annual_revenue="12.50")
        ask = {"min_position": made["position"]}
        found = client.get(f"/customers/{made['id']}", params=ask).json()
        assert (found["name"], found["annual_revenue"]) == ("广州天河科技", "12.50")
        items = client.get("/customers", params=ask | {"q": "天河"}).json()["items"]
        assert [item["id"] for item in items] == [made["id"]]
        for path in ("/customers/%00/engage", "/customers/x/engage", "/customers/'/engage"):
            problem(client.post(path, json={"\x00": 1}), 404, "unknown-id")
        odd = client.post("/customers", json={"name": "a", "unit": "group", "\x00": 1})
        problem(odd, 422, "invalid-body")
        log = client.get("/operations", params={"accepted": "false"}).json()["items"]
        assert len(log) == 4
