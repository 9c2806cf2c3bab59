"""Serving: the server from its first start to Ctrl-C, and what it tells the person who began it."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable

from rich.text import Text

from adapters.settings import Settings, SettingsError
from api.app import application
from api.cli.processes.prepare import prepare
from api.cli.rebuild_jobs import bring_up_to_date
from api.kernel.terminal import notes
from api.server.gateway import Entrance
from api.server.server import Server


def serve_reports(settings: Settings) -> None:
    """Serve the reports of the warehouse until Ctrl-C or SIGTERM, for servers that name us.

    Raises `SettingsError` for an address that cannot be served.
    """
    require_free(settings)

    def ready(address: str) -> None:
        notes.print(f"The warehouse answers at {address}; servers find it by KEYLINE_WAREHOUSE.")

    run(application(settings, "warehouse"), settings, ready)


def serve(settings: Settings, quiet: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; unless `quiet`, say how to begin.

    Raises `SettingsError` for an address that cannot be served.
    """
    require_free(settings)
    key = prepare(settings)
    if not settings.kafka:
        bring_up_to_date(settings)

    def ready(address: str) -> None:
        if not quiet or key is not None:
            notes.print(welcome(address, settings, key))

    run(application(settings), settings, ready)


def run(entrance: Entrance, settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; `ready` is called with the address once it answers."""

    def begun(address: str) -> None:
        # What a server is made of stays: to look through all of it for garbage, again and again,
        # would hold up everybody who is being served for 200 ms each time.
        gc.collect()
        gc.freeze()
        ready(address)

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Server(entrance, settings, begun).run()
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


def welcome(address: str, settings: Settings, key: str | None) -> Text:
    """Return what a person needs to begin: addresses, the key, and three calls to try."""
    text = Text("\nKeyline answers at ").append(address, "bold")
    text.append(", its documentation at ").append(f"{address}/docs", "bold").append(".\n")
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
        f"{curl} '{address}/reports/pipeline?by=stage&format=csv'",
    ]


def require_free(settings: Settings) -> None:
    """Raise `SettingsError` when the server cannot listen where it is to."""
    if not settings.port:
        return
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            raise SettingsError(
                f"Cannot listen on {place}: {error.strerror}. "
                "Choose others by KEYLINE_HOST and KEYLINE_PORT."
            ) from error
