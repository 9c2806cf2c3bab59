"""What was attained of an agreement over HTTP: counted from tickets and outages, as of any day."""

from datetime import timedelta
from typing import Any

import httpx

from domain.kernel.time.business_day import today
from domain.service.agreements.agreement_clauses import ClausePeriod
from domain.service.agreements.periods import Period
from tests.api.asking import problem, register, settled
from tests.api.service.test_ticket_clock import moment
from tests.domain.service.agreements.agreed import CIRCUITS, FAULTS

NOBODY = "/service-agreements/0192f3a1-0000-7000-8000-00000000a9ee/attainment"
CLAUSES = [CIRCUITS, FAULTS, {**FAULTS, "code": "quarterly", "period": "quarter"}]


class Service:
    """A customer with a circuit, and an agreement about it that somebody else approved."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.customer = register(client)["id"]
        self.code = f"e-{self.customer[-8:]}"
        self.do("/employees", code=self.code, name="Wu", unit="group")
        held = {"customer_id": self.customer, "unit": "group", "product_name": "DIA"}
        self.circuit = self.do("/products-in-use", **held, activated_on="2026-01-01")["id"]
        told = {"customer_id": self.customer, "unit": "group", "name": "SLA", "from": "2026-01-01"}
        agreement = self.do("/service-agreements", **told, clauses=CLAUSES)
        self.path = f"/service-agreements/{agreement['id']}"
        self.do(f"{self.path}/submit")
        key = self.do("/api-keys", name=self.code, role="group-manager", unit="group")["key"]
        self.hands = {"Authorization": f"Bearer {key}"}
        self.other(f"{self.path}/approve")

    def do(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def other(self, path: str, **body: Any) -> dict[str, Any]:
        """Do something with other hands."""
        answer = self.client.post(path, json=body, headers=self.hands)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def fault(self, begin: str, end: str, resolved: str) -> int:
        """Record a fault with an outage of the circuit, and when it was resolved."""
        body = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down"}
        body |= {"customer_id": self.customer, "unit": "group", "at": moment(begin)}
        path = f"/service-tickets/{self.do('/service-tickets', **body)['id']}"
        lost = {"product_in_use_id": self.circuit, "from": moment(begin), "to": moment(end)}
        self.do(f"{path}/record-outage", **lost)
        self.do(f"{path}/assign", owner=self.code, at=moment(begin))
        self.do(f"{path}/accept", at=moment(end))
        done = {"cause": "x", "action": "y", "at": moment(resolved)}
        position: int = self.do(f"{path}/resolve", **done)["position"]
        return position

    def work(self, announced: str, begin: str, end: str, until: str) -> int:
        """Work on the circuit from a moment up to another, announced up to a third; it is lost."""
        told = {"kind": "planned-work", "unit": "group", "interruption_minutes": 120, "risk": "low"}
        times = {"from": moment(begin), "until": moment(until)}
        path = "/maintenances"
        made = self.do(path, **told, **times, products_in_use=[self.circuit])
        path = f"{path}/{made['id']}"
        self.do(f"{path}/announce", announced_at=moment(announced))
        self.do(f"{path}/begin", began_at=moment(begin))
        took = {"product_in_use_id": self.circuit, "since": moment(begin), "until": moment(end)}
        done = {"interruptions": [took], "finished_at": moment(end)}
        position: int = self.do(f"{path}/finish", **done)["position"]
        return position

    def attained(self, **asked: Any) -> dict[str, Any]:
        answer = self.client.get(f"{self.path}/attainment", params=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def test_outages_that_overlap_are_lost_once_and_a_late_case_earns_a_credit(
    client: httpx.Client,
) -> None:
    service = Service(client)
    first = service.fault("02-10 10:00", "02-10 10:30", "02-10 13:00")
    last = service.fault("02-10 10:20", "02-10 10:35", "02-10 15:00")
    found = service.attained(period="2026-02", min_position=last)
    circuits, faults = found["clauses"]
    (time,) = circuits["circuits"]
    assert (time["promised_seconds"], time["lost_seconds"]) == (40_320 * 60, 35 * 60)
    assert (circuits["attained_percent"], circuits["met"]) == ("99.9131", True)
    assert (faults["cases"], faults["kept"], faults["attained_percent"]) == (2, 1, "50.0000")
    assert [each["due_at"] for each in faults["missed"]] == [moment("02-10 14:20")]
    assert (faults["met"], faults["credit_percent"], found["partly"]) == (False, "5", False)
    days = ("2026-02", "2026-02-01", "2026-02-28", False, 1)
    names = ("period", "first_day", "last_day", "running", "version")
    assert tuple(faults[each] for each in names) == days

    before = service.attained(period="2026-02", as_of_position=first)["clauses"]
    assert [each["attained_percent"] for each in before] == ["99.9255", "100.0000"]
    now = service.attained()["clauses"]
    assert [(each["running"], each["attained_percent"]) for each in now] == [
        *((True, "100.0000"), (True, None), (True, None)),
    ]
    kinds = (ClausePeriod.MONTH, ClausePeriod.MONTH, ClausePeriod.QUARTER)
    periods = [Period.of(each, today()) for each in kinds]
    assert [(each["first_day"], each["last_day"]) for each in now] == [
        (each.first.isoformat(), (each.after - timedelta(days=1)).isoformat()) for each in periods
    ]
    (quarter,) = service.attained(period="2026-Q1")["clauses"]
    assert (quarter["last_day"], quarter["cases"], quarter["kept"]) == ("2026-03-31", 2, 1)


def test_work_that_was_announced_in_time_is_no_part_of_what_was_promised(
    client: httpx.Client,
) -> None:
    def available(*works: tuple[str, str, str, str]) -> tuple[int, int, str]:
        service = Service(client)
        last = service.fault("02-10 10:00", "02-10 10:35", "02-10 13:00")
        for each in works:
            last = service.work(*each)
        found = service.attained(period="2026-02", min_position=last)["clauses"][0]
        (time,) = found["circuits"]
        minutes = (time["promised_seconds"] // 60, time["lost_seconds"] // 60)
        return *minutes, found["attained_percent"]

    begin, end = "02-20 00:00", "02-20 02:00"
    assert available(("02-17 00:00", begin, end, end)) == (40_200, 35, "99.9129")
    assert available(("02-19 00:00", begin, end, end)) == (40_320, 155, "99.6155")
    # What it took beyond the time that was announced counts as any outage.
    assert available(("02-17 00:00", begin, end, "02-20 01:30")) == (40_230, 65, "99.8384")


def test_what_somebody_else_agreed_to_leave_out_does_not_count_and_is_named(
    client: httpx.Client,
) -> None:
    service = Service(client)
    for minute in ("01", "01", *["00"] * 18):
        last = service.fault("02-10 08:00", "02-10 08:10", f"02-10 12:{minute}")
    (_, before) = service.attained(period="2026-02", min_position=last)["clauses"]
    ticket, other = (each["ticket_id"] for each in before["missed"])
    told = {"agreement_id": service.path.rpartition("/")[2], "reason": "customer"}
    case = service.do("/exclusions", **told, clause="faults", ticket_id=ticket)
    hours = {"product_in_use_id": service.circuit, "clause": "circuits"}
    hours |= {"from": moment("02-10 08:00"), "to": moment("02-10 09:00")}
    time = service.do("/exclusions", **told, **hours)
    path = f"/exclusions/{case['id']}"
    problem(client.post(f"{path}/agree", json={}), 409, "same-hands")
    service.other(f"/exclusions/{time['id']}/agree")
    last = service.other(f"{path}/agree", note="No access")["position"]

    circuits, faults = service.attained(period="2026-02", min_position=last)["clauses"]
    assert (before["cases"], before["kept"], before["attained_percent"]) == (20, 18, "90.0000")
    assert (faults["cases"], faults["kept"], faults["attained_percent"]) == (19, 18, "94.7368")
    assert (faults["met"], faults["credit_percent"]) == (False, "5")
    assert [each["ticket_id"] for each in faults["missed"]] == [other]
    (left,) = faults["excluded"]
    assert (left["exclusion_id"], left["ticket_id"], left["reason"], left["kept"]) == (
        *(case["id"], ticket, "customer", False),
    )
    assert [each["exclusion_id"] for each in circuits["excluded"]] == [time["id"]]
    (lost,) = circuits["circuits"]
    assert (lost["promised_seconds"], lost["lost_seconds"]) == ((40_320 - 60) * 60, 0)
    (_, then) = service.attained(period="2026-02", as_of_position=last - 1)["clauses"]
    assert (then["cases"], then["excluded"]) == (20, [])
    (_, march) = service.attained(period="2026-03")["clauses"]
    assert march["excluded"] == []


def test_whoever_does_not_see_all_that_counts_is_told_so(client: httpx.Client) -> None:
    service = Service(client)
    last = service.fault("02-10 10:00", "02-10 10:30", "02-10 13:00")
    role = f"r{service.code}"
    service.do(
        "/roles", code=role, name="Reader", permissions=["service-agreement.read"], unit="group"
    )
    key = service.do("/api-keys", name=role, role=role, unit="group")["key"]
    asked: dict[str, Any] = {"period": "2026-02", "min_position": last}
    answer = client.get(
        f"{service.path}/attainment", params=asked, headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["partly"]
    assert [each["attained_percent"] for each in found["clauses"]] == [None, None]


def test_a_period_that_cannot_be_counted_is_refused(client: httpx.Client) -> None:
    service = Service(client)
    settled(client)
    for period, why in (
        ("2026", "no clause in force in 2026 is counted by year"),
        ("2025-12", "no clause in force in 2025-12 is counted by month"),
        ("2999-01", "2999-01 had not begun by then"),
        ("2026-13", "String should match pattern"),
        ("February", "String should match pattern"),
    ):
        answer = client.get(f"{service.path}/attainment", params={"period": period})
        found = problem(answer, 422, "invalid-parameter")
        assert found["errors"][0]["parameter"] == "period"
        assert why in found["errors"][0]["detail"]


def test_what_was_not_approved_promises_nothing_yet(client: httpx.Client) -> None:
    told = {"customer_id": register(client)["id"], "unit": "group", "name": "SLA"}
    draft = client.post(
        "/service-agreements", json=told | {"from": "2026-01-01", "clauses": CLAUSES}
    )
    asked = {"min_position": draft.json()["position"]}
    path = f"/service-agreements/{draft.json()['id']}/attainment"
    answer = client.get(path, params=asked)
    assert (answer.status_code, answer.json()["clauses"]) == (200, [])
    problem(client.get(path, params={"period": "2026-02"}), 422, "invalid-parameter")


def test_there_is_no_attainment_of_an_agreement_that_there_is_not(client: httpx.Client) -> None:
    problem(client.get(NOBODY), 404, "unknown-id")
