"""Waiting until what was recorded can be read: in the rows and in the warehouse."""

from __future__ import annotations

import time

from adapters.settings import Settings
from api.kernel.status import status
from api.kernel.terminal import Failure, out

PATIENCE = 120.0
"""Seconds after which nobody waits any longer."""

_BETWEEN = 0.25


def wait_until_read(settings: Settings, position: int) -> None:
    """Wait until rows and warehouse have everything up to a position.

    Raises `Failure` when they do not come so far in time, or nobody is there to bring them.
    """
    until = time.monotonic() + PATIENCE
    while True:
        parts = {
            name: part["position"]
            for name, part in status(settings)["parts"].items()
            if name.startswith("rows: ") or name == "warehouse"
        }
        behind = sorted(name for name, at in parts.items() if at < position)
        if parts and "warehouse" in parts and not behind:
            out.print(f"Lists and reports have everything up to position {position:,}.")
            return
        if time.monotonic() > until:
            missing = ", ".join(behind) or "a running server"
            raise Failure(
                f"What was imported is recorded, but cannot be read everywhere after "
                f"{PATIENCE:.0f} seconds: {missing} is not there yet."
            )
        time.sleep(_BETWEEN)
