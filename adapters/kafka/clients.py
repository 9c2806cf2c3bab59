"""Clients of Kafka that leave nothing behind: no socket, no thread without a broker, no rebalance.

What `kafka-python` 3.0.12 forgets is seen to at the places that it has for parts of one's own: the
event loop of a client, and the way from an address to a connected socket; before a poll, where it
has none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from socket import socket
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.net import KafkaNetClient, KafkaNetSocket, NetworkSelector

from adapters.kafka.records import Record, Unpacking

_DIRECT = "direct"

_BEGINNING = 60.0
"""Seconds in which a thread begins, however busy the machine."""


def opened(kind: Callable[..., Any], **settings: Any) -> Any:
    """Return a client of a kind, as `KafkaConsumer` is one, with the settings that it takes.

    Raises what the client raises when it finds no broker, and ends all that it began until then:
    by itself it would leave a thread and four files each time that somebody tries again.
    """
    loop = Loop()
    try:
        return kind(
            kafka_client=lambda **chosen: KafkaNetClient(net=loop, **chosen),
            proxy_url=f"{_DIRECT}:",
            **settings,
        )
    except BaseException:
        loop.close()
        raise


class Consumer(KafkaConsumer):  # type: ignore[misc]
    """A consumer that unpacks records quickly, and ends every rebalance that it has begun.

    By itself it forgets one that began because the leader of the group has come to know topics
    otherwise, when the time of a poll is up between the leader's assignment and the broker's
    answer: it then stays without partitions and out of the group, says nothing, and polls on.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._fetcher.PartitionRecords = Unpacking

    def poll(self, *args: Any, **settings: Any) -> dict[TopicPartition, list[Record]]:
        """Return what has come, as `KafkaConsumer.poll` does; first go on with a rebalance."""
        if self._coordinator.rejoining:
            self._coordinator.request_rejoin()
        records: dict[TopicPartition, list[Record]] = super().poll(*args, **settings)
        return records

    def close(self, *args: Any, **settings: Any) -> None:
        """Close it; others have its partitions at once, also when it is known by a name.

        By itself the library has them wait until the name counts as gone.
        """
        self._coordinator.is_dynamic_member = lambda: True
        super().close(*args, **settings)


class Loop(NetworkSelector):  # type: ignore[misc]
    """The event loop of a client, which knows the sockets that were made for it."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[socket] = []

    def start(self) -> None:
        """Begin, in a thread of its own, which is under way when this returns.

        One that was ended before forgets that it was, and whoever ended it waits for ever.
        """
        if self._io_thread is None:
            begun = threading.Event()
            self.call_soon_threadsafe(begun.set)
            super().start()
            begun.wait(_BEGINNING)

    def keep(self, made: socket) -> None:
        """Know a socket until it is closed."""
        self._open = [each for each in self._open if each.fileno() != -1] + [made]

    def close(self) -> None:
        """End all tasks, then the connections whose end was left to them.

        Those are the ones that were closed with something still to send.
        """
        super().close()
        for each in self._open:
            each.close()


class _Direct(KafkaNetSocket):  # type: ignore[misc]
    """The way to a broker through no proxy; the library finds it by the scheme."""

    SCHEMES = (_DIRECT,)

    async def sock_connect(
        self, net: Loop, sock: socket, sockaddr: object, timeout_at: float | None = None
    ) -> socket:
        """Return the socket connected, or close it: a broker may be away for hours."""
        net.keep(sock)
        try:
            await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:  # the end of a task is none of `Exception`
            sock.close()
            raise
        return sock
