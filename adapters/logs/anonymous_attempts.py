"""Strangers: attempts by nobody known, noted so that no flood of them can fill the disk."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

from adapters.logs.operation_log_writer import Entry

PERIOD = 60.0
"""Seconds after which attempts that were only counted are noted."""

ADDRESSES = 20
"""Addresses a period that have entries of their own; all others share theirs."""

OTHERS = "others"
"""Stands for those other addresses."""


class Strangers:
    """Notes the first attempt of an address in a period whole, and of all others their number.

    So a period adds `2 * (ADDRESSES + 1)` entries at most, whoever attacks from wherever; no
    attempt goes uncounted.
    """

    def __init__(self, note: Callable[[Entry], None]) -> None:
        """Note through `note`, on the running event loop."""
        self._note = note
        self._last: dict[str, Entry] = {}
        self._more: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, entry: Entry) -> None:
        """Note an attempt, or count it."""
        known = entry.address in self._last or len(self._last) < ADDRESSES
        place = entry.address if known else OTHERS
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PERIOD, self.report)
        if place not in self._last:
            self._note(entry)
            self._more[place] = 0
        else:
            self._more[place] += 1
        self._last[place] = dataclasses.replace(entry, address=place)

    def report(self) -> None:
        """Note what was only counted, and begin a new period."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for place, times in self._more.items():
            if times:
                # Which one they stand for would be chance: what was asked is left out.
                alike = dataclasses.replace(self._last[place], command="any", target=None)
                alike = dataclasses.replace(alike, query=None, trace=None, detail=None)
                self._note(dataclasses.replace(alike, duration_us=0, times=times))
        self._last.clear()
        self._more.clear()
