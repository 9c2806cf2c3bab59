"""Approvals over HTTP: a contract goes up the levels of those who may approve it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from tests.api.asking import problem
from tests.api.conftest import KEY, serving

UNITS = {"gd": ("province", "group"), "gd-gz": ("network", "gd")}
PARTIES = {
    "author": ("network-manager", "gd-gz"),
    "network": ("network-manager", "gd-gz"),
    "province": ("province-manager", "gd"),
}
LINE = {"id": "a", "product": "DIA", "quantity": 1, "one_off": "0.00"}


class Parties(dict[str, httpx.Client]):
    """Systems with keys of their own, each with a role at a unit."""

    position = 0
    """That of the last submission."""

    def do(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self[who].post(path, json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def contract(self, monthly: str) -> str:
        """Draft and submit a contract for a year; return its path."""
        customer = self.do("admin", "/customers", name=f"Worth {monthly}", unit="gd-gz")
        draft = {"title": "Lines", "starts_on": "2027-01-01", "ends_on": "2027-12-31"}
        lines = [{**LINE, "monthly": monthly}]
        told = {"customer_id": customer["id"], "unit": "gd-gz", "lines": lines, **draft}
        path = f"/contracts/{self.do('author', '/contracts', **told)['id']}"
        self.position = self.do("author", f"{path}/submit", note="as agreed")["position"]
        return path


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    folder: Path = tmp_path_factory.mktemp("approvals")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as address, ExitStack() as open_:

        def client(key: str) -> httpx.Client:
            headers = {"Authorization": f"Bearer {key}"}
            made = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60)
            return open_.enter_context(made)

        found = Parties(admin=client(KEY))
        for code, (level, parent) in UNITS.items():
            found.do("admin", "/units", code=code, name=code, level=level, parent=parent)
        for name, (role, unit) in PARTIES.items():
            key = found.do("admin", "/api-keys", name=name, role=role, unit=unit)
            found[name] = client(key["key"])
        yield found


def row(parties: Parties, path: str, position: int) -> dict[str, Any]:
    answer = parties["admin"].get(path, params={"min_position": position})
    found: dict[str, Any] = answer.json()
    return found


def todo(parties: Parties, who: str, position: int = 0) -> list[str]:
    """Return what waits for a party, as of its submission or later."""
    asked: dict[str, Any] = {"kind": "contract", "min_position": max(position, parties.position)}
    answer = parties[who].get("/me/todos", params=asked).raise_for_status()
    return [each["text"] for each in answer.json()["items"]]


def test_a_contract_goes_up_to_the_level_whose_authority_is_enough(parties: Parties) -> None:
    path = parties.contract("50000.00")
    assert todo(parties, "network") == ["Approve the contract Lines"]
    problem(parties["author"].post(f"{path}/approve", json={}), 409, "same-hands")
    passed = parties.do("network", f"{path}/approve", note="good for us")
    assert row(parties, path, passed["position"])["status"] == "submitted"
    problem(parties["network"].post(f"{path}/approve", json={}), 409, "not-your-level")
    assert todo(parties, "province", passed["position"]) == ["Approve the contract Lines"]
    assert todo(parties, "network", passed["position"]) == []
    approved = parties.do("province", f"{path}/approve")
    assert row(parties, path, approved["position"])["status"] == "approved"
    told = parties["admin"].get(f"{path}/history").json()["items"]
    assert [each["type"] for each in told] == [
        "contract.drafted",
        "contract.submitted",
        "contract.passed-on",
        "contract.approved",
    ]
    assert "from which it goes to province" in told[2]["sentence"]
    assert told[1]["data"]["rule"] == "contract-value"
    problem(parties["province"].post(f"{path}/approve", json={}), 409, "decision-open-required")


def test_no_client_says_its_level_or_the_route(parties: Parties) -> None:
    path = parties.contract("50000.00")
    told: tuple[dict[str, Any], ...] = ({"highest": "group"}, {"level": "group"}, {"limits": {}})
    for body in told:
        problem(parties["network"].post(f"{path}/approve", json=body), 422, "invalid-body")


def test_a_contract_of_nothing_is_approved_by_its_submission(parties: Parties) -> None:
    path = parties.contract("0.00")
    found = row(parties, path, parties.position)
    assert (found["version"], found["status"]) == (3, "approved")


def test_what_was_sent_back_is_a_draft_that_is_revised_and_submitted_anew(
    parties: Parties,
) -> None:
    path = parties.contract("50000.00")
    problem(parties["author"].post(f"{path}/revise", json={"title": "X"}), 409, "draft-required")
    parties.do("network", f"{path}/send-back", reason="too dear")
    lines = [{**LINE, "monthly": "1000.00"}]
    parties.do("author", f"{path}/revise", lines=lines)
    parties.do("author", f"{path}/submit")
    approved = parties.do("network", f"{path}/approve")
    assert row(parties, path, approved["position"])["status"] == "approved"
