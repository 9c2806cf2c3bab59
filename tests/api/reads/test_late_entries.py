"""Late entries over HTTP: what was told afterwards about days that had passed."""

from datetime import date, timedelta
from typing import Any

import httpx

from domain.kernel.time.business_day import today
from tests.api.asking import problem


def day(ago: int) -> date:
    return today() - timedelta(days=ago)


def post(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def late(client: httpx.Client, **ask: Any) -> dict[str, Any]:
    answer = client.get("/late-entries", params=ask)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_was_told_late_is_listed_with_its_day_and_its_record(client: httpx.Client) -> None:
    began = f"{day(9)}"
    made = post(client, "/customers", name="Late", unit="group", registered_on=began)
    path = f"/customers/{made['id']}"

    def regraded(grade: str, ago: int) -> int:
        body = {"grade": grade, "reason": "Turnover", "effective": f"{day(ago)}"}
        return int(post(client, f"{path}/regrade", **body)["position"])

    reported, told = regraded("A", 1), regraded("B", 5)
    found = late(client, valid_at=f"{day(4)}", since=reported, min_position=told)
    (entry,) = found["items"]
    assert (entry["position"], entry["effective"]) == (told, f"{day(5)}")
    assert entry["record"] == path
    assert found["position"] >= told
    assert late(client, valid_at=f"{day(6)}", since=reported)["items"] == []
    assert late(client, valid_at=f"{day(4)}", since=told)["items"] == []
    now = client.get(path, params={"min_position": told}).json()
    assert (now["grade"], now["version"]) == ("A", 3)


def test_pages_of_late_entries_put_together_are_the_whole_list(client: httpx.Client) -> None:
    before = post(client, "/customers", name="First", unit="group")["position"]
    made = [
        post(client, "/customers", name=f"C{n}", unit="group", registered_on=f"{day(3)}")
        for n in range(5)
    ]
    ask = {"valid_at": f"{day(2)}", "since": before, "limit": 2, "aggregate": "customer"}
    answer, found = late(client, **ask, min_position=made[-1]["position"]), list[int]()
    while True:
        found += [each["position"] for each in answer["items"]]
        if answer["next"] is None:
            break
        answer = late(client, **ask, cursor=answer["next"])
    assert found == [each["position"] for each in made]


def test_what_cannot_be_asked_is_refused(client: httpx.Client) -> None:
    today = f"{day(0)}"
    for ask in (
        {"valid_at": today, "since": "99999999"},
        {"valid_at": today, "since": "2", "as_of_position": "1"},
        {"valid_at": today, "since": "2999-01-01"},
        {"valid_at": "some day", "since": "1"},
        {"valid_at": "0", "since": "1"},
        {"valid_at": today, "since": "1", "aggregate": "lease"},
    ):
        assert problem(client.get("/late-entries", params=ask), 422, "invalid-parameter")
