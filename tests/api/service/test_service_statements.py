"""Statements over HTTP: periods follow one another, are counted, restated and answered."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import httpx

from domain.kernel.time.business_day import today
from domain.service.agreements.agreement_clauses import ClausePeriod
from domain.service.agreements.periods import Period
from domain.service.agreements.service_statement import AFTERWARDS
from tests.api.asking import problem, settled
from tests.api.service.test_agreement_attainment import Service
from tests.streams.flow import until


class Stating(Service):
    """An agreement whose periods are stated."""

    def statements(self, **asked: str) -> dict[str, dict[str, Any]]:
        settled(self.client)
        ask = {"agreement_id": self.path.rpartition("/")[2], "limit": "200"} | asked
        answer = self.client.get("/service-statements", params=ask).raise_for_status()
        return {each["period"]: each for each in answer.json()["items"]}

    def stated(self) -> dict[str, dict[str, Any]]:
        """Return them once all that has been over for a week was stated."""
        last = today() - AFTERWARDS - timedelta(days=1)
        over = {Period.of(kind, last).name for kind in (ClausePeriod.MONTH, ClausePeriod.QUARTER)}
        until(lambda: over <= self.statements().keys())
        return self.statements()


def test_what_is_over_is_stated_and_what_changes_is_restated_for_a_reason(
    client: httpx.Client,
) -> None:
    service = Stating(client)
    service.fault("02-10 10:00", "02-10 10:30", "02-10 13:00")
    found = service.stated()
    before = found["2026-02"]
    assert (before["state"], before["promised"], before["restated"]) == ("stated", 2, 0)
    path = f"/service-statements/{before['id']}"
    problem(client.post(f"{path}/count", json={}), 409, "period-stated")
    again = {"agreement_id": before["agreement_id"], "period": "2026-02"}
    problem(client.post("/service-statements", json=again), 409, "period-stated")

    # counted as of the same position, every figure is the same
    then = service.attained(period="2026-02", as_of_position=before["counted_to"])["clauses"]
    told = ("clause", "attained_percent", "cases", "kept", "met")
    assert [[each[name] for name in told] for each in before["clauses"]] == [
        [each[name] for name in told] for each in then
    ]
    faults = next(each for each in before["clauses"] if each["clause"] == "faults")
    assert Fraction(faults["share"]) == 1
    assert faults["met"]

    service.fault("02-10 10:20", "02-10 10:35", "02-10 15:00")  # recorded late
    service.do(f"{path}/count", reason="A fault was recorded late")
    until(lambda: service.statements()["2026-02"]["restated"] == 1)
    after = service.statements()["2026-02"]
    faults = next(each for each in after["clauses"] if each["clause"] == "faults")
    assert (faults["share"], faults["credit_percent"]) == ("1/2", "5")
    assert (after["breached"], after["reason"]) == (1, "A fault was recorded late")
    service.do(f"{path}/count", reason="To be sure")
    until(lambda: service.statements()["2026-02"]["confirmed_to"] is not None)
    service.do(f"{path}/contest", objection="One was late, as we say")
    assert service.statements(state="contested").keys() == {"2026-02"}
    service.do(f"{path}/accept", accepted_by="Mr Li", document_number="P-1")
    assert service.statements()["2026-02"]["state"] == "accepted"


def test_a_period_that_runs_is_not_counted(client: httpx.Client) -> None:
    service = Stating(client)
    ahead = Period.of(ClausePeriod.MONTH, today() + timedelta(days=62)).name
    agreement = service.path.rpartition("/")[2]
    begun = service.do("/service-statements", agreement_id=agreement, period=ahead)
    answer = client.post(f"/service-statements/{begun['id']}/count", json={})
    problem(answer, 409, "period-running")
    year = {"agreement_id": agreement, "period": "2027"}
    problem(client.post("/service-statements", json=year), 409, "nothing-counted")
