"""Alarms: what an operator has to see to, told to those who ask and kept in the system log."""

from __future__ import annotations

import shutil
from typing import Any

import structlog

from api.kernel.process import Parts
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

LAG = 100_000
"""Events that a part may be behind before the server calls itself not ready."""

OVERDUE = 60.0
"""Seconds that deadlines may be late before the server calls itself not ready."""

SPACE = 256 * 2**20
"""Bytes that must be free on the disk of the data folder."""

READ_FROM = frozenset({"rows", "warehouse"})
"""The parts that answers are made of."""

BETWEEN_LOOKS = 15.0
"""Seconds between two looks of the watch."""


def disk_free(parts: Parts) -> int:
    """Return the bytes that are free on the disk of the data folder."""
    return shutil.disk_usage(parts.settings.data).free


def alarms(status: dict[str, Any], free: int) -> dict[str, str]:
    """Return what is wrong in a status of the parts, by a stable name, in words."""
    found = {f"fault {each.partition(':')[0]}": each for each in status["faults"]}
    if status["altered"]:
        found["altered"] = f"the journal is not what was recorded: {'; '.join(status['altered'])}"
    if free < SPACE:
        found["disk"] = "the disk is nearly full"
    if (late := status.get("overdue_seconds", 0.0)) > OVERDUE:
        found["overdue"] = f"deadlines are {late:,.0f} seconds late"
    for name, part in status["parts"].items():
        if part["lag"] > LAG:
            found[f"lag {name}"] = f"{name} is {part['lag']} events behind"
    return found


def astray(status: dict[str, Any]) -> list[str]:
    """Return, in words, which of the parts that answers are made of are not where they should be.

    They lack what was recorded before this process started, or have more than the journal.
    """
    found, head, began_at = [], status["position"], status["began_at"]
    for name in READ_FROM & status["parts"].keys():
        at = status["parts"][name]["position"]
        if at < began_at:
            found.append(
                f"{name} is at {at}, not yet at {began_at} as the journal was at the start"
            )
        elif at > head:
            found.append(f"{name} is at {at}, the journal only at {head}: it is an older one")
    return sorted(found)


class Watch:
    """Looks again and again, and enters in the system log what begins and what is over."""

    def __init__(self, parts: Parts) -> None:
        """Watch the parts of a server."""
        self._parts = parts
        self._known: dict[str, str] = {}

    def work(self, worker: Worker) -> None:
        """Watch until the worker is to stop."""
        while not worker.stopping:
            self.look()
            worker.well()
            worker.pause(BETWEEN_LOOKS)

    def look(self) -> None:
        """Look once."""
        status = self._parts.status()
        if any(each["restarts"] == 0 and not each["up"] for each in status["processes"]):
            return  # the server has only just been started
        found = alarms(status, disk_free(self._parts))
        if parked := status["parked"]:
            found["parked"] = f"{len(parked)} events are parked"
        for name in found.keys() - self._known.keys():
            log.warning("alarm.raised", alarm=name, text=found[name])
        for name in self._known.keys() - found.keys():
            log.info("alarm.over", alarm=name, text=self._known[name])
        self._known = found
