"""Siblings: the processes beside the one that answers, where a server is made of several."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import orjson

from adapters.identity.https_get import Unanswered, ask
from adapters.journal.journal import Journal
from api.kernel.process_book import ProcessBook
from projections.kernel.rows.projector import Projector
from streams.kernel.line import Line, News

ME = "api"
"""The name of the process that answers, which does so if it can ask."""

PATIENCE = 3.0
"""Seconds that the process of the warehouse has to say how it is."""

SILENT: dict[str, Any] = {
    "position": None,
    "parked": [],
    "passed_over": 0,
    "stale": [],
    "warehouse_memory": None,
    "faults": [],
}
"""What nobody says of a warehouse."""


class Siblings:
    """The process of the rows and that of the warehouse, as the one that answers knows them."""

    def __init__(self, rows: Line, warehouse: Line, address: str, book: ProcessBook) -> None:
        """Know them by a line to each, the address of the warehouse, and the book of all."""
        self._address = address
        self._rows = rows
        self._warehouse = warehouse
        self._book = book
        self._fault = ""
        self._there, self._asked = SILENT, -math.inf

    def follow(self, journal: Journal, projector: Projector) -> None:
        """Tell them what is appended and waited for, and hear how far the rows are."""

        def appended(rows: Sequence[Sequence[Any]]) -> None:
            news = News(position=rows[-1][0])
            self._rows.tell(news)
            self._warehouse.tell(news)

        def hear(news: News) -> None:
            self._fault = news.fault
            if news.position:
                projector.heard()

        journal.watch(appended)
        projector.asks = lambda position: self._rows.tell(News(wanted=position))
        self._rows.listen(hear)

    def faults(self) -> list[str]:
        """Return what is wrong with them, as far as is known without asking."""
        found = [f"{name}: its process is being started" for name in self._down()]
        return found + ([f"rows: {self._fault}"] if self._fault else [])

    def warehouse(self, age: float = 0.0) -> dict[str, Any]:
        """Return what the process of the warehouse says of itself.

        Or what it said at most `age` seconds ago. If it says nothing, the last position that it
        said, and, unless it is known to be down, a fault.
        """
        if time.monotonic() > self._asked + age:
            self._there, self._asked = self._ask(), time.monotonic()
        return self._there

    def _ask(self) -> dict[str, Any]:
        silent = SILENT | {"position": self._there["position"] or 0}
        if "warehouse" in self._down():
            return silent
        try:
            _, body = ask(f"{self._address}/readyz", PATIENCE)
            found = orjson.loads(body)
            # The rest of its faults are those of the machine, or follow from its position.
            faults = [each for each in found["faults"] if each.startswith("warehouse: ")]
            position = found["parts"]["warehouse"]["position"]
            return {name: found.get(name) for name in SILENT} | {
                "faults": faults,
                "position": position,
            }
        except (Unanswered, ValueError, KeyError, TypeError):
            return silent | {"faults": ["warehouse: it does not answer"]}

    def _down(self) -> list[str]:
        # Not what each takes, too: to count shared memory takes a millisecond or more for each.
        noted = self._book.entries()
        return [each["name"] for each in noted if each["name"] != ME and not each["up"]]
