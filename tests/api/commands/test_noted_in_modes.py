"""How much a read told is in the operation log, also where another process found the answer."""

from __future__ import annotations

import httpx
import pytest

from tests.api.asking import register
from tests.api.commands.test_operation_entries import entries
from tests.api.modes import running as running
from tests.api.modes import system as system


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/customers", {"format": "csv"}),
        ("/customers", {"format": "parquet", "name": "nobody at all"}),
        ("/customers", {"valid_at": "2026-01-01"}),
        ("/reports/customers", {"by": "grade", "format": "xlsx"}),
        ("/reports/customers", {"by": "grade"}),
        ("/reports/customers/records", {"measures": "customers"}),
        ("/operations", {"format": "csv", "command": "customer.register"}),
    ],
)
def test_every_process_notes_how_many_rows_it_passed_on(
    running: httpx.Client, path: str, wanted: dict[str, str]
) -> None:
    position = register(running)["position"]
    more = {} if path == "/operations" else {"min_position": str(position)}
    answer = running.get(path, params=wanted | more).raise_for_status()
    told = entries(running, trace=answer.headers["trace-id"])
    assert told
    assert {each["rows"] for each in told} == {int(answer.headers["rows"])}
