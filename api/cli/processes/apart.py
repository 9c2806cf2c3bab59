"""A server of several processes: one that answers, one for the rows, one for the warehouse."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import sys
from collections.abc import Callable, Sequence

from fastapi import FastAPI

from adapters.settings import Settings
from api.app import application, warmed
from api.cli.processes.child import Child
from api.cli.processes.family import Family, Up, parenthood
from api.cli.processes.listening import address_of, bound, run
from api.cli.processes.memory import share
from api.cli.processes.prepare import prepared
from api.cli.processes.work import project
from api.kernel.job_log import recording
from api.kernel.process_book import ProcessBook
from api.kernel.siblings import Siblings
from streams.kernel.line import pair


def several(settings: Settings) -> bool:
    """Tell whether a server of these settings is to be made of several processes."""
    wanted = settings.processes or min(os.cpu_count() or 1, 2)
    return wanted > 1 and not settings.kafka and not settings.warehouse


def serve_apart(
    settings: Settings,
    sockets: Sequence[socket.socket],
    ready: Callable[[str, str | None], None],
) -> None:
    """Serve at these sockets until Ctrl-C or SIGTERM, by processes that are started when they die.

    All are copies of this one, which does nothing else: they share what it has loaded, and are
    there again at once. It keeps the sockets, so that who asks meanwhile waits and is not refused.
    `ready` is called with the address and, if it was made just now, the administrator's key.
    """
    with parenthood():
        book = ProcessBook(settings.data)
        book.close()  # that of one that was killed
        inner = warmed()
        share()
        key = prepared_apart(settings)
        _Family(settings, sockets, inner, book).run(lambda: ready(address_of(sockets[0]), key))


def prepared_apart(settings: Settings) -> str | None:
    """Prepare in a process of its own, which takes with it what that needed; return the key."""
    told, tell = os.pipe()

    def work(_: Up) -> None:
        with recording(settings, "prepare"):
            key = prepared(settings)
        os.write(tell, json.dumps(key).encode())

    child = Child("prepare", work)
    try:
        child.start()
        os.close(tell)
        text = os.read(told, 4096)
        status = child.wait()
    finally:
        child.stop()
        os.close(told)
    if not text:
        sys.exit(status or 1)  # it has said why
    found: str | None = json.loads(text)
    return found


class _Family(Family):
    """The processes of one server."""

    def __init__(
        self,
        settings: Settings,
        sockets: Sequence[socket.socket],
        inner: FastAPI,
        book: ProcessBook,
    ) -> None:
        """Make them; nothing runs yet."""
        rows, to_rows = pair()
        warehouse, to_warehouse = pair()
        local = dataclasses.replace(settings, host="127.0.0.1", port=0)
        (reports,) = bound(local)
        reports.listen()  # so that whoever asks already now waits
        elsewhere = dataclasses.replace(settings, warehouse=address_of(reports))

        def answer(up: Up) -> None:
            siblings = Siblings(to_rows, to_warehouse, elsewhere.warehouse, book)
            with recording(settings, "api", beside=True):
                entrance = application(elsewhere, siblings=siblings, inner=inner)
                run(entrance, settings, lambda _: up(), sockets)

        def keep_rows(up: Up) -> None:
            with recording(settings, "rows", beside=True):
                project(settings, rows, up)

        def keep_warehouse(up: Up) -> None:
            with recording(settings, "warehouse", beside=True):
                entrance = application(local, "warehouse", inner=inner)
                journal = entrance.parts.journal
                warehouse.listen(lambda news: journal.heard(news.position))
                run(entrance, local, lambda _: up(), [reports])

        works = {"api": answer, "rows": keep_rows, "warehouse": keep_warehouse}
        children = {name: Child(name, work) for name, work in works.items()}
        super().__init__(children, book, first="api")  # it needs the others to the last
