"""Contracts for tests: drafted, approved, signed, on days that a test gives."""

from datetime import UTC, date, datetime, time
from typing import Any

from domain.kernel.time.replay import evolve, taken
from domain.kernel.types.authority import Level
from domain.permissions.authority_limits import decide
from domain.sales.contract import Contract
from domain.sales.contract_terms import ContractLine
from tests.bodies import IDS
from tests.domain.play import SEATS, history


def line(id: str, monthly: str, **more: Any) -> ContractLine:
    """Return a line with its monthly fee."""
    told = {"id": id, "product": "DIA", "monthly": monthly, **more}
    return ContractLine.model_validate(told, strict=False)


class Life:
    """A contract that is told what happens, each time on the day on which that is recorded."""

    def __init__(self, first: date, last: date, *lines: ContractLine, **more: Any) -> None:
        """Draft it on its first day, unless `on` says which."""
        self.facts: list[Any] = []
        on = more.pop("on", first)
        body: dict[str, Any] = {"starts_on": first, "ends_on": last, "lines": list(lines), **more}
        self._keep(Contract.draft(IDS[0], "gd-gz", "Leased lines", **body), on)

    def _keep(self, record: Contract, on: date) -> None:
        """Have the facts recorded at noon of a day, and told anew."""
        self.facts += taken(record, datetime.combine(on, time(4), UTC))
        told = evolve(None, history(self.facts))
        assert isinstance(told, Contract)
        self.now = told

    def do(self, on: date, command: str, *args: Any, **told: Any) -> None:
        """Give a command on a day."""
        getattr(self.now, command)(*args, **told)
        self._keep(self.now, on)

    def approved(self, on: date) -> "Life":
        """Have it submitted and approved, whatever it is worth."""
        facts = {"value": self.now.value, "currency": self.now.currency}
        self.do(on, "submit", SEATS, decide("contract-value", facts))
        if self.now.route:
            self.do(on, "approve", Level.GROUP)
        return self

    def signed(self, on: date, **told: Any) -> "Life":
        """Have it approved and signed."""
        self.approved(on).do(on, "sign", "wang.fang", told.pop("checksum", "a0"), **told)
        return self

    def amended(self, on: date, since: date, ends: Any = (), new: Any = (), **more: Any) -> "Life":
        """Have an amendment drafted, approved whatever it is worth, and signed, all on a day."""
        self.do(on, "draft_amendment", since, list(ends), list(new), **more)
        (id_,) = self.now.proposed
        facts = {"at_stake": self.now.at_stake(id_), "currency": self.now.currency}
        self.do(on, "submit_amendment", id_, SEATS, decide("contract-value", facts))
        if not self.now.amendment_approved(id_):
            self.do(on, "approve_amendment", id_, Level.GROUP)
        self.do(on, "sign_amendment", id_, signed_on=on)
        return self


def year(of: int, *lines: ContractLine, **more: Any) -> Life:
    """Return a contract for a calendar year, by default at 20,000 a month."""
    first, last = date(of, 1, 1), date(of, 12, 31)
    return Life(first, last, *(lines or (line("a", "20000"),)), **more)
