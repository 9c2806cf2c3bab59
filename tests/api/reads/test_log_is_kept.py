"""Nothing that can be called, set or run changes or deletes an entry of the operation log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from typer.main import get_command

from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.journal_tables import events, operations
from api.app import router_application
from api.cli.main import app
from domain.kernel.commands import commands
from domain.permissions.permission import permissions
from tests.api.asking import register
from tests.api.command_line import keyline
from tests.api.conftest import KEY, serving

MISSING = "01997e2b-0000-7000-8000-00000000dead"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", port=0, admin_key=KEY)


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        yield client


def kept(settings: Settings) -> dict[str, list[Any]]:
    """Return every row of both logs."""
    engine = connect(settings.journal_url)
    with engine.connect() as connection:
        found = {
            "operations": [*connection.execute(sa.select(operations).order_by("number"))],
            "events": [*connection.execute(sa.select(events).order_by("position"))],
        }
    engine.dispose()
    return found


def grown(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> bool:
    """Tell whether all that was there is there unchanged, in both logs."""
    return all(after[name][: len(rows)] == rows for name, rows in before.items())


def routes() -> list[tuple[str, str]]:
    """Return the method and path of everything that the server answers."""
    document = router_application().openapi()
    return [
        (method.upper(), path)
        for path, operations_ in document["paths"].items()
        for method in operations_
    ]


def test_the_administrator_cannot_change_it_by_any_route_or_method(
    settings: Settings, client: httpx.Client
) -> None:
    register(client)
    client.get("/operations")
    before = kept(settings)
    assert len(before["operations"]) > 5
    logs = [("DELETE", path) for path in ("/operations", "/events", "/operations/1", "/system-log")]
    logs += [("PUT", path) for _, path in logs] + [("PATCH", path) for _, path in logs]
    logs += [("POST", path) for _, path in logs]
    for method, path in [*logs, *((m, p) for m, p in routes() if m != "GET")]:
        where = path.replace("{id}", MISSING).replace("{", "").replace("}", "")
        answer = client.request(method, where, json={"number": 1, "actor": "somebody else"})
        assert answer.status_code < 500, (method, path)
        if (method, path) in logs:
            assert answer.status_code in (404, 405), (method, path)
    client.get("/operations")
    after = kept(settings)
    assert grown(before, after)
    assert len(after["operations"]) > len(before["operations"]) + len(commands())


def test_no_command_permission_or_setting_is_about_changing_it() -> None:
    about = [name for name in [*commands(), *permissions()] if "operation" in name]
    assert about == ["operation.read"]
    named = [f.metadata["name"] for f in fields(Settings) if "operation" in f.metadata["meaning"]]
    assert named == []
    assert [path for method, path in routes() if "operations" in path and method != "GET"] == []


def test_no_command_line_changes_it(settings: Settings, tmp_path: Path) -> None:
    with serving(settings) as address:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
            register(client)
            client.get("/operations")
    before = kept(settings)
    lines = {
        "rebuild": ["rebuild"],
        "replay": ["replay", "--check"],
        "retry": ["retry", "customers", MISSING],
        "export": ["export", str(tmp_path / "out")],
        "demo": ["demo"],
        "status": ["status"],
        "settings": ["settings"],
        "log": ["log"],
        "import": ["import", "customer", str(tmp_path / "none.csv")],
        "set-password": ["set-password", "no.such.person"],
        "verify": ["verify"],
        "history": ["history", "customer", MISSING],
        "keys": ["keys", "rotate"],
        "seal": ["seal"],
        "rules": ["rules"],
        "glossary": ["glossary"],
        "calendars": ["calendars", "announce", "2024", "--from", "chinesecalendar", "--dry-run"],
    }
    servers = {"serve", "publish", "project", "warehouse", "cluster"}
    assert set(get_command(app).commands) - servers <= set(lines)  # type: ignore[attr-defined]
    for line in lines.values():
        keyline(settings.data, *line)
    assert grown(before, kept(settings))
