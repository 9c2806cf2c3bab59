"""Clients of Kafka: whatever becomes of them, they leave no socket, file, thread or rebalance."""

import gc
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from kafka.errors import KafkaConnectionError, KafkaTimeoutError
from kafka.net import KafkaTCPTransport, NetworkSelector, create_connection
from kafka.structs import MemberState

from adapters.kafka.clients import Loop, opened
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.local.process import free_port
from tests.streams.flow import until


@pytest.fixture
def listener() -> Iterator[tuple[str, int]]:
    """The address of somebody who takes connections, and says and reads nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()


@contextmanager
def nothing_dropped() -> Iterator[None]:
    """Fail when a socket that is still open has been left to the garbage collector."""
    gc.collect()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(one.message) for one in said if one.category is ResourceWarning] == []


@pytest.mark.parametrize(
    "client",
    [Kafka.admin, Kafka.producer, lambda kafka, **settings: kafka.consumer("group", **settings)],
    ids=["admin", "producer", "consumer"],
)
def test_a_client_that_finds_no_broker_leaves_nothing(client: Callable[..., Any]) -> None:
    nobody = Kafka(f"127.0.0.1:{free_port()}")
    with nothing_dropped():
        files, threads = psutil.Process().num_fds(), set(threading.enumerate())
        for _ in range(3):
            with pytest.raises(KafkaTimeoutError):
                client(nobody, bootstrap_timeout_ms=100)
        assert psutil.Process().num_fds() <= files
        assert set(threading.enumerate()) <= threads


def test_an_attempt_that_fails_leaves_nothing_in_a_client_that_tries_again() -> None:
    loop = Loop()
    with nothing_dropped():
        files = psutil.Process().num_fds()
        for _ in range(3):
            with pytest.raises(KafkaConnectionError, match="REFUSED"):
                loop.run(create_connection, loop, "127.0.0.1", free_port(), (), "direct:")
        assert psutil.Process().num_fds() <= files
    loop.close()


def test_a_client_that_is_closed_while_it_connects_leaves_nothing(
    listener: tuple[str, int],
) -> None:
    def plain(kafka_client: Callable[..., Any], **settings: Any) -> Any:
        return kafka_client(**settings)

    with nothing_dropped():
        for _ in range(10):
            client = opened(plain, bootstrap_servers="{}:{}".format(*listener))
            broker = client.cluster.bootstrap_brokers()[0].node_id
            client._net.start()
            client._net.call_soon_threadsafe(lambda c=client, b=broker: c.maybe_connect(b))
            client.close()


@pytest.mark.parametrize(("kind", "ends"), [(Loop, True), (NetworkSelector, False)])
def test_a_loop_that_is_ended_as_soon_as_it_began_ends(
    kind: type[NetworkSelector], ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, run = threading.Event(), NetworkSelector.run_forever

    def late(loop: NetworkSelector) -> None:
        assert go_on.wait(30)
        run(loop)

    monkeypatch.setattr(NetworkSelector, "run_forever", late)
    loop = kind()
    if ends:
        threading.Timer(0.05, go_on.set).start()
    loop.start()
    thread = loop._io_thread
    loop.stop(timeout_ms=10_000 if ends else 1)
    go_on.set()
    thread.join(0.2)
    assert thread.is_alive() != ends
    loop._stop = True
    loop.wakeup()
    thread.join(30)
    loop.close()
    assert not thread.is_alive()


def test_a_connection_that_is_closed_with_much_to_send_ends_with_the_client(
    listener: tuple[str, int],
) -> None:
    loop = Loop()

    async def send() -> None:
        connected = await create_connection(loop, *listener, (), "direct:")
        transport = KafkaTCPTransport(loop, connected)
        transport.resume_reading()
        transport.write(bytes(50_000_000))
        transport.close()

    with nothing_dropped():
        loop.run(send)
        loop.close()


def test_a_consumer_gets_the_partitions_of_a_topic_made_later_though_polls_were_too_short(
    kafka: LocalKafka, topic_prefix: str
) -> None:
    cluster = Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=3)
    consumer = cluster.consumer(cluster.group("early"))

    def state() -> str:
        consumer.poll(timeout_ms=500)
        known: str = consumer.group_metadata().state
        return known

    try:
        consumer.subscribe([cluster.topic("late")])
        until(lambda: state() == MemberState.STABLE)
        assert consumer.assignment() == set()
        cluster.ensure(["late"])
        for _ in range(1000):  # the broker's answers come between two polls, not within one
            consumer.poll(timeout_ms=1)
        until(lambda: state() == MemberState.STABLE and consumer.assignment(), timeout=120)
        assert consumer.assignment() == set(cluster.places(["late"]))
    finally:
        consumer.close(autocommit=False)
