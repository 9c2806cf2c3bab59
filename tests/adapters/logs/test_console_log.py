"""Logs are lines that machines can read, the libraries' too, and tell no secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import logging, structlog
from adapters.logs.console_log import configure
configure({form!r})
structlog.get_logger("ours").info("ticket.closed", ticket="17", name="广州")
logging.getLogger("library").warning("beware of %s", "it")
logging.getLogger("uvicorn.error").info("not worth a line")
try:
    password = "hush"
    raise RuntimeError("no")
except RuntimeError:
    structlog.get_logger("ours").exception("work.failed")
"""


def logged(form: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(form=form)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


def test_json_lines_carry_what_was_said_by_us_and_by_libraries() -> None:
    ours, library, failed = map(json.loads, logged("json").splitlines())
    assert (ours["event"], ours["ticket"], ours["name"]) == ("ticket.closed", "17", "广州")
    assert ours["level"] == "info"
    assert ours["timestamp"].endswith("Z")
    assert library["event"] == "beware of it"
    assert "RuntimeError: no" in failed["exception"]


def test_no_form_of_the_log_shows_the_variables_of_what_failed() -> None:
    for form in ("json", "console"):
        text = logged(form)
        assert "RuntimeError" in text
        assert text.count("hush") == text.count('password = "hush"')
