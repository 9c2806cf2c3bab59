"""A billing system sends a month by many commands: run, bills, payments, corrections, repeats."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.asking import head, new_unit, register, settled

NDJSON = {"Content-Type": "application/x-ndjson"}


class System:
    """A billing system with accounts of its own, whose runs nobody else announces."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.unit, self.tag = client, new_unit(client), uuid4().hex[:8]
        self.name = f"计费-{self.tag}"
        self.customer = register(client, unit=self.unit, registered_on="2026-01-01")["id"]
        self.numbers = [f"{self.name}-{number}" for number in range(10)]
        told = {"unit": self.unit, "customer_id": self.customer, "effective": "2026-01-01"}
        accounts = ({"account_number": each, **told} for each in self.numbers)
        opened = [{"command": "billing-account.open", "body": each} for each in accounts]
        assert {each["status"] for each in self.send(*opened)} == {201}

    def send(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """Send commands, a line each; returns the results."""
        content = "\n".join(json.dumps(each) for each in commands)
        answer = self.client.post("/commands", content=content.encode(), headers=NDJSON)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def bill(self, number: int, amount: str, /, **more: Any) -> dict[str, Any]:
        """Return the command by which a bill of March comes, with a key of its own."""
        lines = [{"kind": "recurring", "product": "专线", "amount": amount}]
        body: dict[str, Any] = {
            "account_number": self.numbers[number],
            "month": "2026-03",
            "source": self.name,
        }
        body |= {"issued_on": "2026-04-05", "due_on": "2026-04-25"}
        body = {**body, "lines": lines, "amount": amount, **more}
        told = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        return {"command": "bill.receive", "key": told, "body": body}

    def revenue(self, **asked: str) -> list[str]:
        """Return what was billed in March."""
        told = {"measures": "billed", "by": "month", "month": "2026-03", "unit": self.unit, **asked}
        answer = self.client.get("/reports/revenue", params=told)
        assert answer.status_code == 200, answer.text
        return [row["billed"] for row in answer.json()["rows"]]


@pytest.fixture
def system(client: httpx.Client) -> System:
    return System(client)


def test_a_month_is_balanced_once_all_of_its_bills_are_in_however_often_they_come(
    client: httpx.Client, system: System
) -> None:  # B1 and B2
    run = {"month": "2026-03", "bills": 10, "total": "1000000.00", "unit": system.unit}
    bills = [system.bill(0, "36000.00")]
    bills += [system.bill(number, "120000.00") for number in range(1, 8)]
    bills.append(system.bill(8, "121000.00"))
    announce = {"command": "bill-run.announce", "key": f"{system.tag}-run"}
    announce["body"] = {**run, "system": system.name}  # type: ignore[assignment]
    wrong = system.bill(9, "3000.001")
    sent = [announce, *bills[:4], wrong, *bills[4:]]
    answers = system.send(*sent)
    assert [each["status"] for each in answers] == [201] * 5 + [422] + [201] * 5
    assert answers[5]["problem"]["errors"][0]["pointer"] == "/lines/0/amount"
    id_ = answers[0]["id"]
    (refused,) = system.send({"command": "bill-run.balance", "id": id_})
    assert refused["problem"]["type"] == "/problems/control-totals-differ"
    assert "9 bills of 997000.00 together are in." in refused["problem"]["detail"]

    before = head(client)
    assert [each["id"] for each in system.send(announce, *bills)] == [
        each["id"] for each in answers if each["status"] == 201
    ]
    assert head(client) == before
    again = {**bills[0], "key": f"{system.tag}-again"}
    (once,) = system.send(again)
    assert (once["status"], once["problem"]["type"]) == (409, "/problems/bill-once")
    provisional = {"min_position": str(head(client)), "by": "month,standing"}
    params = {"measures": "billed", "unit": system.unit, **provisional}
    (row,) = client.get("/reports/revenue", params=params).json()["rows"]
    assert (row["standing"], row["billed"]) == ("provisional", "997000.00")

    last, balanced = system.send(
        system.bill(9, "3000.00"), {"command": "bill-run.balance", "id": id_}
    )
    assert (last["status"], balanced["status"]) == (201, 200)
    (closed,) = system.send(system.bill(9, "3000.00", month="2026-03", due_on="2026-04-26"))
    assert closed["problem"]["type"] in ("/problems/run-balanced", "/problems/bill-once")
    position = balanced["position"]
    assert system.revenue(min_position=str(position)) == ["1000000.00"]

    first = answers[1]["id"]
    lines = [{"kind": "recurring", "product": "专线", "amount": "30000.00"}]
    paid = {"amount": "10000.00", "on": "2026-04-20", "reference": "汇款-1"}
    told = system.send(
        {"command": "bill.correct", "id": first, "body": {"lines": lines, "amount": "30000.00"}},
        {
            "command": "bill.correct",
            "id": first,
            "body": {"lines": lines, "amount": "30000.00", "reason": "多计"},
        },
        {"command": "bill.record-payment", "id": first, "body": paid},
        {"command": "bill.record-payment", "id": first, "body": paid},
        {"command": "bill.dispute", "id": first, "body": {"lines": [1], "reason": "有异议"}},
        {"command": "bill.settle-dispute", "id": first, "body": {"outcome": "rejected"}},
        {"command": "bill.write-off", "id": first, "body": {"amount": "20000.01", "reason": "坏"}},
        {"command": "bill.write-off", "id": first, "body": {"amount": "20000.00", "reason": "坏"}},
    )
    assert [each["status"] for each in told] == [422, 200, 200, 409, 200, 200, 409, 200]
    kinds = [each["problem"]["type"] for each in told if each["status"] == 409]
    assert kinds == ["/problems/payment-reference-taken", "/problems/overpaid"]
    settled(client)
    bill = client.get(f"/bills/{first}", params={"min_position": head(client)}).json()
    assert (bill["state"], bill["paid"], bill["remaining"], bill["corrections"]) == (
        *("written-off", "10000.00", "0.00"),
        1,
    )
    at = {"min_position": str(head(client))}
    assert system.revenue(**at) == ["994000.00"]
    assert system.revenue(as_of_position=str(position)) == ["1000000.00"]


LINE = {"kind": "recurring", "product": "专线", "amount": "5.00"}

BAD: list[tuple[dict[str, Any], int, str, str]] = [
    ({"currency": "USD"}, 409, "account-currency", "/currency"),
    ({"month": "2099-01"}, 422, "invalid-body", "/month"),
    ({"month": "2026-13"}, 422, "invalid-body", "/month"),
    ({"due_on": "2026-04-04"}, 409, "due-before-issue", "/due_on"),
    ({"amount": "NaN"}, 422, "invalid-body", "/amount"),
    ({"amount": "12345678901234567.00"}, 422, "invalid-body", "/amount"),
    ({"amount": "5.001"}, 422, "invalid-body", "/amount"),
    ({"lines": [{**LINE, "amount": "5.001"}]}, 422, "invalid-body", "/lines/0/amount"),
    ({"lines": [LINE, LINE]}, 409, "lines-disagree", "/amount"),
    ({"lines": [{**LINE, "amount": "0"}] * 201, "amount": "0"}, 422, "invalid-body", "/lines"),
    ({"month": ["2026-02", "2026-03"]}, 422, "invalid-body", "/month"),
    ({"months": "2026-02"}, 422, "invalid-body", "/months"),
]


def test_each_bad_bill_is_refused_by_its_line_and_the_rest_goes_on(
    client: httpx.Client, system: System
) -> None:
    before = head(client)
    found = system.send(*(system.bill(0, "5.00", **bad) for bad, *_ in BAD), system.bill(0, "5.00"))
    assert (len(found), found[-1]["status"]) == (len(BAD) + 1, 201)
    for (bad, status, name, pointer), told in zip(BAD, found, strict=False):
        problem = told["problem"]
        assert (told["status"], problem["type"]) == (status, f"/problems/{name}"), bad
        assert problem["errors"][0]["pointer"] == pointer, bad
    assert head(client) == before + 1


def test_a_product_that_nobody_knows_is_billed_all_the_same(
    client: httpx.Client, system: System
) -> None:
    (told,) = system.send(
        system.bill(1, "5.00", lines=[{**LINE, "product": f"旧业务 {system.name}"}])
    )
    asked = {"measures": "billed", "by": "unknown_product", "unit": system.unit}
    asked["min_position"] = str(told["position"])
    rows = client.get("/reports/revenue", params=asked).json()["rows"]
    assert [(row["unknown_product"], row["billed"]) for row in rows] == [
        (f"旧业务 {system.name}", "5.00")
    ]
