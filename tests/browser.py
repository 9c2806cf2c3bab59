"""A real browser for tests: Chromium without a window, told what to do over a pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    *("--headless", "--remote-debugging-pipe", "--no-sandbox", "--no-proxy-server"),
    *("--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

PATIENCE = 60.0
"""Seconds in which a page does what is expected of it."""


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """Start a browser that keeps its cache in a folder; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("There is no browser on this machine: apt-get install chromium")
    told, tell = os.pipe()
    heard, hear = os.pipe()
    command = [program, *FLAGS, f"--user-data-dir={profile}"]
    # The protocol wants the pipes at these two numbers.
    script = f'exec "$@" 3<&{told} 4>&{hear} {told}<&- {hear}>&- 2>/dev/null'
    process = subprocess.Popen(
        ["bash", "-c", script, "-", *command],
        pass_fds=(told, hear),
        env={**os.environ, "HOME": str(profile)},
        start_new_session=True,
    )
    os.close(told)
    os.close(hear)
    with os.fdopen(tell, "wb") as telling, os.fdopen(heard, "rb") as hearing:
        page = Page(telling, hearing)
        try:
            yield page
        finally:
            page.ask("Browser.close")
            process.wait(PATIENCE)


class Navigated(Exception):
    """The page went elsewhere before it answered."""


class Page:
    """One page of a browser, and all that its console has said."""

    def __init__(self, telling: Any, hearing: Any) -> None:
        self._telling = telling
        self._hearing = hearing
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self.said: list[str] = []
        """What the browser complained of: violations of policies, errors of scripts."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            self.ask(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to an address."""
        self.ask("Page.navigate", url=url)
        self.until("document.readyState == 'complete'")

    def run(self, script: str) -> Any:
        """Return the value of an expression, when it is there; raises what it raises."""
        done = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait until an expression is true, on whichever page it comes to be."""
        since, value = time.monotonic(), None
        while not value:
            with suppress(Navigated):
                value = self.run(script)
            assert time.monotonic() - since < PATIENCE, script
            time.sleep(0.05)
        return value

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask by the DevTools protocol; returns the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None and not method.startswith("Browser."):
            message["sessionId"] = self._session
        self._telling.write(json.dumps(message).encode() + b"\0")
        self._telling.flush()
        while (heard := self._next()).get("id") != self._number:
            self._note(heard)
        if "navigated" in heard.get("error", {}).get("message", ""):
            raise Navigated
        assert "result" in heard, heard
        found: dict[str, Any] = heard["result"]
        return found

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = self._hearing.read1(1 << 16)
            assert piece, "the browser has gone"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(text)
        return heard

    def _note(self, heard: dict[str, Any]) -> None:
        if heard.get("method") == "Log.entryAdded":
            self.said.append(heard["params"]["entry"]["text"])
        elif heard.get("method") == "Runtime.exceptionThrown":
            self.said.append(json.dumps(heard["params"]["exceptionDetails"]))
