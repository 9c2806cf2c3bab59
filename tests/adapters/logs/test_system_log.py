"""The system log keeps what happens to the program; it tells no secrets and stops nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from adapters.logs.console_log import configure
from adapters.logs.system_log import ALIKE, SystemLog, create, system_log
from adapters.logs.system_log_queries import Wanted, entries
from adapters.storage.databases import connect, writing

ours = structlog.get_logger("adapters.test")


@pytest.fixture(autouse=True)
def lines() -> None:
    configure("console")


@pytest.fixture
def log(database_url: str) -> Iterator[SystemLog]:
    found = SystemLog(database_url, "api")
    found.start()
    yield found
    found.stop()


def found(log: SystemLog, **wanted: str) -> list[dict[str, object]]:
    log.settled(10)
    return entries(log.engine, Wanted(**wanted), None, 1000)  # type: ignore[arg-type]


def test_our_infos_and_the_warnings_of_libraries_are_kept(log: SystemLog) -> None:
    ours.info("worker.started", worker="广州", count=3)
    ours.debug("not.worth.it")
    logging.getLogger("kafka.client").error("no broker at %s", "10.0.0.1")
    logging.getLogger("httpx").warning("slow")
    logging.getLogger("somelib").info("not worth an entry")
    warned, failed, started = found(log)
    assert (started["event"], started["level"]) == ("worker.started", "info")
    assert started["data"] == {"worker": "广州", "count": 3}
    assert str(started["process"]).startswith("api ")
    assert (failed["event"], failed["level"]) == ("no broker at 10.0.0.1", "error")
    assert (warned["source"], warned["event"]) == ("httpx", "slow")


def test_what_failed_is_kept_with_its_traceback_but_not_its_variables(log: SystemLog) -> None:
    hush = "never shown"
    try:
        raise RuntimeError("no")
    except RuntimeError:
        ours.exception("work.failed", work="x")
    (entry,) = found(log)
    data = entry["data"]
    assert isinstance(data, dict)
    assert "RuntimeError: no" in data["exception"]
    assert hush not in str(entry)


def test_no_secret_goes_in(log: SystemLog) -> None:
    ours.warning(
        "sign_in.failed",
        password="hush-1",
        url="postgresql://keyline:hush-2@db/keyline",
        deep=[{"api_key": "hush-3", "Authorization": "Bearer hush-4"}],
        text="the key kl_abcd1234_hush5hush5hush5 was sent",
        employee="li.wei",
    )
    (entry,) = found(log)
    assert "hush" not in str(entry)
    assert "li.wei" in str(entry)
    assert "postgresql://keyline:***@db/keyline" in str(entry)


def test_a_long_text_is_looked_through_for_secrets_once_and_not_from_each_of_its_letters(
    log: SystemLog,
) -> None:
    ours.warning("read", text="x" * 1_000_000 + " postgresql://keyline:hush@db")
    (entry,) = found(log)
    assert str(entry["data"]).endswith("x postgresql://keyline:***@db'}")


def test_entries_are_found_by_level_name_process_text_and_time(log: SystemLog) -> None:
    ours.info("job.started", job="export")
    ours.info("job.ended", job="export", outcome="done")
    ours.error("journal.lost", why="The Disk is full 100%")
    assert [each["event"] for each in found(log, event="job.*")] == ["job.ended", "job.started"]
    assert [each["event"] for each in found(log, level="warning")] == ["journal.lost"]
    assert [each["event"] for each in found(log, text="disk IS full 100%")] == ["journal.lost"]
    assert found(log, text="100_") == []
    assert len(found(log, process="api")) == 3
    assert found(log, process="project") == []
    (last,) = found(log, event="journal.lost")
    at = last["time"]
    same = Wanted(since=at, until=at)  # type: ignore[arg-type]
    assert [each["event"] for each in entries(log.engine, same, None, 10)] == ["journal.lost"]


def test_a_flood_of_one_kind_is_cut_off(log: SystemLog) -> None:
    for number in range(5 * ALIKE):
        ours.warning("request.refused", number=number)
    ours.warning("another.thing")
    events = [each["event"] for each in found(log)]
    assert events.count("request.refused") == ALIKE
    assert "another.thing" in events


def test_old_entries_go_and_young_ones_stay(database_url: str) -> None:
    engine = connect(database_url, "normal")
    day = 86_400_000_000
    now = time.time_ns() // 1000
    row = {"level": 20, "process": "api", "source": "api", "data": "{}"}
    with writing(engine).begin() as connection:
        create(connection)
        for event, age in (("old", 31), ("young", 29)):
            entry = row | {"event": event, "time_us": now - age * day}
            connection.execute(system_log.insert(), entry)
    log = SystemLog(database_url, "api", days=30)
    log.start()
    ours.warning("now")
    log.settled(10)
    kept = [each["event"] for each in entries(engine, Wanted(), None, 10)]
    log.stop()
    engine.dispose()
    assert kept == ["now", "young"]


def test_a_database_that_is_away_neither_fails_nor_stops_whoever_logs(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    log = SystemLog(f"sqlite:///{folder / 'system.db'}", "api", capacity=20)
    log.start()
    for number in range(600):
        ours.warning("still.alive", number=number)
    assert log.dropped > 0
    folder.mkdir()
    said: list[str] = []
    deadline = time.monotonic() + 30
    while "system_log.dropped" not in said and time.monotonic() < deadline:
        ours.warning("still.alive.after")
        log.settled(1)
        said = [str(each["event"]) for each in entries(log.engine, Wanted(), None, 1000)]
    log.stop()
    assert "still.alive" in said
    assert "system_log.dropped" in said


def test_what_was_said_last_is_there_after_the_end(database_url: str) -> None:
    log = SystemLog(database_url, "api")
    log.start()
    threads = [
        threading.Thread(target=lambda: [ours.info(f"said.{n}") for n in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.stop()
    engine = connect(database_url, "normal")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(system_log)) == 200
    engine.dispose()


def test_a_value_that_cannot_be_shown_does_not_fail_whoever_logs(log: SystemLog) -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    record = logging.LogRecord("adapters", 30, "", 1, {"event": "odd", "it": Odd()}, None, None)
    log.emit(record)
    assert log.dropped == 1
