"""Working time over HTTP: by the calendars that are shipped, now and as of the past."""

from typing import Any

import httpx
import pytest

from tests.api.asking import head, problem


@pytest.fixture
def office(client: httpx.Client) -> str:
    """The path of the calendar of the office."""
    answer = client.get(
        "/working-calendars", params={"code": "cn-office", "min_position": head(client)}
    )
    (row,) = answer.json()["items"]
    return f"/working-calendars/{row['id']}"


def ask(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.pop("position") > 0
    return found


def test_an_expert_asked_on_a_friday_answers_on_the_make_up_workday(
    client: httpx.Client, office: str
) -> None:
    found = ask(client, f"{office}/due", **{"from": "2026-02-13T16:30:00+08:00", "hours": 4})
    assert found == {"due_at": "2026-02-14T03:00:00Z", "provisional": False}
    found = ask(client, f"{office}/due", **{"from": "2031-02-13T16:30:00+08:00", "hours": 4})
    assert found["provisional"] is True


def test_2026_has_248_days_of_eight_hours(client: httpx.Client, office: str) -> None:
    year = {"from": "2026-01-01T00:00:00+08:00", "to": "2027-01-01T00:00:00+08:00"}
    assert ask(client, f"{office}/worked", **year) == {"hours": 248 * 8, "provisional": False}


def test_a_day_that_is_amended_counts_from_when_it_is_known(client: httpx.Client) -> None:
    body = {"code": "t-amended", "name": "Amended", "zone": "Asia/Shanghai", "unit": "group"}
    week = {day: ["08:00-12:00"] for day in ("monday", "tuesday")}
    made = client.post("/working-calendars", json={**body, "week": week}).json()
    path, tuesday = f"/working-calendars/{made['id']}", "2026-03-03"
    announced = client.post(f"{path}/announce-year", json={"year": 2026, "source": "Notice 1"})
    because = {"reason": "Storm", "source": "Notice 2"}
    amended = client.post(f"{path}/amend-day", json={"day": tuesday, "off": True, **because})
    begin = {"from": f"{tuesday}T08:00:00+08:00", "hours": 1}
    now = ask(client, f"{path}/due", **begin, min_position=amended.json()["position"])
    then = ask(client, f"{path}/due", **begin, as_of_position=announced.json()["position"])
    assert (now["due_at"], then["due_at"]) == ("2026-03-09T01:00:00Z", "2026-03-03T01:00:00Z")
    early = client.post(f"{path}/amend-day", json={"day": "2027-01-04", "off": True, **because})
    problem(early, 409, "year-required")
    reversed_ = {"week": {"monday": ["12:00-08:00"]}, "from": "2027-01-01"}
    answer = client.post(f"{path}/set-week", json=reversed_)
    assert problem(answer, 409, "hours-reversed")["errors"][0]["pointer"] == "/week"


@pytest.mark.parametrize(
    ("what", "parameters", "named"),
    [
        ("due", {"from": "2026-02-13", "hours": -1}, "hours"),
        ("due", {"from": "1926-02-13", "hours": 1}, "from"),
        ("due", {"from": "tomorrow", "hours": 1}, "from"),
        ("worked", {"from": "2026-02-13", "to": "2026-02-12"}, "to"),
        ("worked", {"from": "2026-02-13"}, "to"),
    ],
)
def test_what_cannot_be_counted_is_refused(
    client: httpx.Client, office: str, what: str, parameters: dict[str, Any], named: str
) -> None:
    answer = client.get(f"{office}/{what}", params=parameters)
    assert problem(answer, 422, "invalid-parameter")["errors"][0]["parameter"] == named


def test_working_time_that_never_comes_is_refused(client: httpx.Client) -> None:
    body = {"code": "t-never", "name": "Never", "zone": "UTC", "week": {}, "unit": "group"}
    made = client.post("/working-calendars", json=body).json()
    parameters = {"from": "2026-02-13", "hours": 1, "min_position": made["position"]}
    answer = client.get(f"/working-calendars/{made['id']}/due", params=parameters)
    assert "before the year 2200" in problem(answer, 422, "invalid-parameter")["detail"]


def test_a_calendar_that_is_none_is_not_found(client: httpx.Client) -> None:
    parameters: dict[str, Any] = {"from": "2026-02-13", "hours": 1}
    problem(client.get("/working-calendars/x/due", params=parameters), 404, "unknown-id")
