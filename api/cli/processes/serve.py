"""Serving: the server from its first start to Ctrl-C, and what it tells the person who began it."""

from __future__ import annotations

from functools import partial

from rich.text import Text

from adapters.settings import Settings
from api.app import application
from api.cli.processes.answering import answering, serve_many
from api.cli.processes.apart import serve_apart, several
from api.cli.processes.listening import bound, nobody_else, run
from api.cli.processes.prepare import prepared
from api.kernel.job_log import recording
from api.kernel.terminal import notes


def serve_reports(settings: Settings) -> None:
    """Serve the reports of the warehouse until Ctrl-C or SIGTERM, for servers that name us.

    Raises `SettingsError` for an address that cannot be served.
    """
    sockets = bound(settings)

    def ready(address: str) -> None:
        notes.print(f"The warehouse answers at {address}; servers find it by KEYLINE_WAREHOUSE.")

    run(application(settings, "warehouse"), settings, ready, sockets)


def serve(settings: Settings, quiet: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; unless `quiet`, say how to begin.

    Raises `SettingsError` for an address that cannot be served, `Failure` when another server has
    the data folder.
    """
    with nobody_else(settings):

        def ready(address: str, key: str | None) -> None:
            if not quiet or key is not None:
                notes.print(welcome(address, settings, key))

        if answering(settings) > 1:
            serve_many(settings, ready)
            return
        sockets = bound(settings)
        if several(settings):
            serve_apart(settings, sockets, ready)
            return
        with recording(settings, "api"):
            key = prepared(settings)
            run(application(settings), settings, partial(ready, key=key), sockets)


def welcome(address: str, settings: Settings, key: str | None) -> Text:
    """Return what a person needs to begin: addresses, the key, and three calls to try."""
    text = Text("\nKeyline answers at ").append(address, "bold")
    text.append(", its documentation at ").append(f"{address}/docs", "bold")
    text.append(",\nits console at ").append(f"{address}/console", "bold").append(".\n")
    if key is not None:
        text.append("The administrator's key, shown only this once: ").append(key, "bold green")
    elif settings.admin_key:
        text.append("The administrator's key is your KEYLINE_ADMIN_KEY.")
    else:
        text.append("The administrator's key is the one shown at the first start; if it is lost, ")
        text.append("set KEYLINE_ADMIN_KEY to a new one.")
    text.append("\n\nThree calls to try:\n")
    for line in calls(address, key):
        text.append(f"\n{line}\n", "cyan")
    return text


def calls(address: str, key: str | None) -> list[str]:
    """Return three command lines that work: read a list, command, ask for a report."""
    curl = f"curl -sS -H 'Authorization: Bearer {key}'"
    if key is None:
        curl = 'curl -sS -H "Authorization: Bearer $KEYLINE_ADMIN_KEY"'
    register = '{"name": "广州启明银行", "unit": "group", "grade": "B", "industry": "J"}'
    return [
        f"{curl} '{address}/customers?grade=A&sort=name&limit=3'",
        f"{curl} -H 'Content-Type: application/json' {address}/customers -d '{register}'",
        f"{curl} '{address}/reports/pipeline/export?by=stage'",
    ]
