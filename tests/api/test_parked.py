"""Parked events over HTTP: shown with their reason, tried again, passed over."""

from pathlib import Path

import httpx

from adapters.journal import Journal
from adapters.settings import Settings
from domain.kernel import Origin, Stored, new_id
from tests.api.asking import problem, register
from tests.api.conftest import KEY, serving


def test_an_event_that_no_row_can_take_is_shown_and_passed_over(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
    ):
        stream = new_id()
        journal = Journal(settings.journal_url)
        with journal.transaction() as transaction:
            poison = Stored(stream, 1, "customer.registered", 1, b"{}")
            transaction.append([poison], Origin("test", "gd", new_id()))
            transaction.end_unit()
        journal.close()
        after = register(client)
        ask = {"min_position": after["position"]}
        assert client.get(f"/customers/{after['id']}", params=ask).status_code == 200
        [found] = client.get("/parked").json()["items"]
        assert (found["model"], found["stream"], found["version"]) == ("customers", stream, 1)
        assert found["error"].startswith("KeyError")
        assert client.get("/readyz").json()["parked"] == [
            {"model": "customers", "stream": stream, "version": 1}
        ]
        place = f"/parked/customers/{stream}"
        assert client.post(f"{place}/retry").json() == {"parked": 1}
        assert client.post(f"{place}/skip").json() == {"parked": 0}
        assert client.get("/parked").json() == {"items": []}
        problem(client.post(f"{place}/retry"), 404, "unknown-id")
        problem(client.get(f"{place}/retry"), 405, "method-not-allowed")
