"""The servers that tests and `make cluster` start: they answer, survive kills, and die with us."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.admin import NewTopic
from sqlalchemy import create_engine, make_url, text

from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka, fetch_kafka
from adapters.local.postgres import LocalPostgres
from adapters.local.process import LocalProcess, LocalServerError, free_port


def rows(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in one transaction of a connection of their own; the last one's rows."""
    engine = create_engine(url)
    with engine.begin() as connection:
        *before, last = statements
        for statement in before:
            connection.execute(text(statement))
        found = connection.execute(text(last))
        result = [tuple(row) for row in found] if found.returns_rows else []
    engine.dispose()
    return result


def records(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """Read a topic of one partition from its start until `count` records are there."""
    consumer = Kafka(bootstrap).consumer(None)
    consumer.assign([TopicPartition(topic, 0)])
    found: list[bytes] = []
    while len(found) < count:
        for batch in consumer.poll(timeout_ms=1000).values():
            found += [record.value for record in batch]
    consumer.close()
    return found


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_silent(port: int) -> None:
    deadline = time.monotonic() + 30
    while listening(port):
        assert time.monotonic() < deadline, f"something still listens on {port}"
        time.sleep(0.05)


def test_a_database_is_durable_and_sorts_by_code_point(database_url: str) -> None:
    if make_url(database_url).get_backend_name() == "postgresql":
        assert rows(database_url, "SHOW synchronous_commit") == [("on",)]
    found = rows(
        database_url,
        "CREATE TABLE word (it VARCHAR(9))",
        "INSERT INTO word VALUES ('大'), ('b'), ('A'), ('a'), ('客户')",
        "SELECT it FROM word ORDER BY it",
    )
    assert [it for (it,) in found] == sorted(str(it) for (it,) in found)


def test_every_test_gets_an_empty_database(database_url: str) -> None:
    rows(database_url, "CREATE TABLE word (it VARCHAR(9))")


def test_postgres_keeps_its_password_to_itself(postgres: LocalPostgres) -> None:
    with pytest.raises(Exception, match="password authentication failed"):
        rows(
            make_url(postgres.url("postgres")).set(password="guessed").render_as_string(False),
            "SELECT 1",
        )


def test_postgres_survives_kills_with_all_that_was_committed(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path) as server:
        url = server.create_database()
        assert rows(url, "SHOW fsync") == [("on",)]
        rows(url, "CREATE TABLE fact (n INT)", "INSERT INTO fact VALUES (0)")
        for n in (1, 2):
            server.kill()
            assert not server.running
            assert not listening(server.port)
            server.start()
            assert server.create_database() == url
            rows(url, f"INSERT INTO fact VALUES ({n})")
        assert rows(url, "SELECT n FROM fact ORDER BY n") == [(0,), (1,), (2,)]
    assert not server.running

    with LocalPostgres(tmp_path) as again:
        assert rows(again.url(), "SELECT count(*) FROM fact") == [(3,)]


def test_a_second_postgres_on_the_same_folder_is_refused_with_the_reason(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path) as first:
        with pytest.raises(LocalServerError, match=r"postmaster\.pid"):
            LocalPostgres(tmp_path).start()
        assert rows(first.url("postgres"), "SELECT 1") == [(1,)]


def test_kafka_gives_back_what_it_acknowledged(kafka: LocalKafka, topic_prefix: str) -> None:
    topic = f"{topic_prefix}facts"
    admin = Kafka(kafka.bootstrap).admin()
    admin.create_topics([NewTopic(name=topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = Kafka(kafka.bootstrap).producer()
    sent = [b"%d" % n for n in range(100)]
    for future in [producer.send(topic, value) for value in sent]:
        future.get(timeout=30)
    producer.close()
    assert records(kafka.bootstrap, topic, 100) == sent


def test_kafka_survives_kills_with_all_that_it_acknowledged(tmp_path: Path) -> None:
    with LocalKafka(tmp_path) as broker:
        admin = Kafka(broker.bootstrap).admin()
        admin.create_topics([NewTopic(name="facts", num_partitions=1, replication_factor=1)])
        admin.close()
        for n in range(2):
            producer = Kafka(broker.bootstrap).producer()
            producer.send("facts", b"%d" % n).get(timeout=30)
            broker.kill()
            producer.close(timeout=0)
            assert not broker.running
            broker.start()
        assert records(broker.bootstrap, "facts", 2) == [b"0", b"1"]
    assert not broker.running


def test_a_server_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    port = free_port()
    program = (
        "import sys, time; from pathlib import Path\n"
        "from adapters.local.postgres import LocalPostgres\n"
        f"LocalPostgres(Path({str(tmp_path)!r}), {port}).start()\n"
        "print('started', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        assert listening(port)
        parent.kill()
    wait_until_silent(port)


def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    server = LocalProcess("Server", tmp_path / "log", stop_signal=signal.SIGTERM)
    with pytest.raises(LocalServerError, match=r"(?s)Server ended at once.*no such luck"):
        server.start(["/bin/sh", "-c", "echo no such luck; exit 1"], lambda: False)
    assert not server.running


def test_a_broker_that_cannot_be_fetched_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(LocalServerError, match="could not be fetched from Maven Central"):
        fetch_kafka()
    assert list((tmp_path / "keyline").iterdir()) == []
