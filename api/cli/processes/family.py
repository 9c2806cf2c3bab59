"""Families: several processes on one machine, copies of this one, that are looked after."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from api.cli.processes.child import Child
from api.cli.processes.supervision import watch
from api.kernel.process_book import ProcessBook

Up = Callable[[], None]


class Family:
    """Children that are started again when they end by themselves; a book tells of them."""

    def __init__(self, children: Mapping[str, Child], book: ProcessBook, first: str = "") -> None:
        """Keep these children; the `first` of them to end is one that needs the others."""
        self._children = children
        self._book = book
        self._first = first
        self._noted: object = None
        self._ready: Up | None = None

    def run(self, ready: Up) -> None:
        """Run them until Ctrl-C or SIGTERM; `ready` is called once all do what they are for.

        Raises `SystemExit` when one of them cannot begin, `KeyboardInterrupt` at the end.
        """
        self._ready = ready
        try:
            for child in self._children.values():
                child.start()
            watch(self._children, self._again, self._look)
        finally:
            for each in (signal.SIGINT, signal.SIGTERM):  # what ends now is not interrupted again
                signal.signal(each, signal.SIG_IGN)
            self._end()
            self._book.close()

    def _end(self) -> None:
        if self._first:
            self._children[self._first].stop()
        for child in self._children.values():
            child.terminate()
        for child in self._children.values():
            child.stop()

    def _again(self, name: str) -> bool:
        child = self._children[name]
        if (status := child.failed) is not None:
            sys.exit(status)  # it has said why
        return child.due

    def _look(self) -> None:
        entries = [
            {"name": each.name, "pid": each.pid, "restarts": each.restarts, "up": each.up}
            for each in self._children.values()
        ]
        entries.append({"name": "supervisor", "pid": os.getpid(), "restarts": 0, "up": True})
        if entries != self._noted:
            self._book.write(entries)
            self._noted = entries
        if self._ready is not None and all(each.up for each in self._children.values()):
            self._ready()
            self._ready = None


@contextmanager
def parenthood() -> Iterator[None]:
    """Do nothing but look after children within the block, which Ctrl-C and SIGTERM end.

    What is loaded when `share` is called stays shared with the copies.
    """
    ends = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, signal.default_int_handler) for each in ends}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        gc.unfreeze()
        for each, handler in before.items():
            signal.signal(each, handler)
