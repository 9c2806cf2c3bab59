"""A real browser for tests: Chromium without a window, led by Playwright."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Request, sync_playwright
from playwright.sync_api import Page as Tab

NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = [
    *("--no-proxy-server", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]

PATIENCE = 60.0
"""Seconds in which a page does what is expected of it."""

BEARABLE = {"minor", "moderate"}
"""How bad what axe finds may be."""


@contextmanager
def browser(profile: Path, **options: Any) -> Iterator[Page]:
    """Start a browser that keeps its cache in a folder; skips the test where there is none.

    Args:
        profile: The folder.
        options: What Playwright is asked for besides, as `bypass_csp` or `java_script_enabled`.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("There is no browser on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=program, args=FLAGS, chromium_sandbox=False, **options
        )
        context.set_default_timeout(PATIENCE * 1000)
        with context:
            yield Page(context.pages[0])


class Page:
    """One page of a browser, and all that the browser complained of."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        """The page as Playwright has it."""
        self.said: list[str] = []
        """Violations of policies, errors of scripts, answers that were none."""
        self.hosts: set[str] = set()
        """Where it asked for something."""
        tab.on("console", self._hear)
        tab.on("pageerror", lambda error: self.said.append(str(error)))
        tab.on("request", self._ask)

    def open(self, url: str) -> None:
        """Go to an address."""
        self.tab.goto(url)

    def run(self, script: str) -> Any:
        """Return the value of an expression, when it is there; raises what it raises."""
        return self.tab.evaluate(script)

    def until(self, script: str) -> Any:
        """Wait until an expression is true, on whichever page it comes to be.

        Playwright's own waiting evaluates the text within the page, whose policy forbids that.
        """
        since, value = time.monotonic(), None
        while not value:
            with suppress(Error):  # it went elsewhere meanwhile
                value = self.run(script)
            assert time.monotonic() - since < PATIENCE, script
            self.tab.wait_for_timeout(50)
        return value

    def unusable(self) -> list[str]:
        """Return what keeps somebody from using the page as it is, by the rules of axe-core."""
        found = Axe().run(self.tab).response["violations"]
        return [
            f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes'][:3]]}"
            for each in found
            if each["impact"] not in BEARABLE
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)

    def _ask(self, request: Request) -> None:
        if host := urlsplit(request.url).netloc:
            self.hosts.add(host)
