"""A generated organisation: people, what they were granted, and records with telling values.

Every value that somebody may or may not see occurs once in the world, so that whatever comes out
tells by its text alone what was shown.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from adapters.commands.executor import Call, Executor
from adapters.identity.api_key_secret import new_key
from adapters.refusals import Refusal, RuleBroken
from domain.kernel.aggregate import Origin, new_id
from domain.kernel.commands import Command, commands
from domain.permissions.permission import FieldClass
from projections.kernel.ownership import Scope
from projections.kernel.read_model import models_by_kind
from tests.bodies import Names, beginning, named_by

LONG_AGO, LATELY, SOON = (datetime.now(UTC) + timedelta(days=days) for days in (-300, -1, 60))
PATTERNS = (
    *("*.read", "customer.read", "opportunity.read", "service-ticket.read", "campaign.read"),
    *("customer.*", "opportunity.*", "service-ticket.*", "employee.read", "team.read"),
    *("grant.read", "delegation.read", "api-key.*", "report.read", "export.read"),
)
CLASSES = sorted(FieldClass)
APART = {"handover", "customer-merge"}
"""Kinds of records that tell of others: they are made where these are there."""

NAMED = (
    *("title", "name", "product_name", "account_number", "system", "agenda", "explanation"),
    "fallback",
)
"""What some text of a record may be called."""


class World:
    """What was made, through commands of the system itself."""

    def __init__(self, executor: Executor, seed: int) -> None:
        """Make the units, the people, and what they were granted and work on."""
        self.chance = random.Random(seed)
        self._executor = executor
        self.tokens: dict[str, tuple[str, str]] = {}
        """Each telling value: the record that has it, and the class by which it is masked."""
        self.keys: dict[str, str] = {}
        """The ids of API keys, and the keys."""
        self.ids: dict[str, list[str]] = {}
        """The records of each kind."""
        self.units = ["group"]
        self.unit_ids: dict[str, str] = {}
        self.people = [f"p{n}" for n in range(24)]
        self.roles = [f"r{n}" for n in range(8)]
        self._organise()
        self._grant()
        self._work()

    def do(self, command: str, id: str | None = None, **body: Any) -> str:
        """Command; returns the id of the record. What a rule refuses is left undone."""
        kind = command.partition(".")[0]
        issued = {}
        if command == "api-key.issue":
            key = new_key()
            issued = {"prefix": key.prefix, "digest": key.digest}
        given = {name: value for name, value in body.items() if value is not None}
        call = Call(
            command,
            id,
            given,
            Origin("system", "group", new_id(), actor_kind="system"),
            issued=issued,
        )
        try:
            made = self._executor.execute(call).id
        except RuleBroken:
            return ""
        except Refusal as refusal:
            raise AssertionError(f"{command} {given}: {refusal}") from refusal
        if id is None:
            self.ids.setdefault(kind, []).append(made)
            if issued:
                self.keys[made] = key.text
        return made

    def _tell(self, made: str, tokens: Iterable[tuple[str, str]]) -> None:
        for token, of in tokens:
            assert token not in self.tokens
            if made:
                self.tokens[token] = (made, of)

    def _open(self, code: str, level: str, parent: str) -> None:
        made = self.do("unit.open", code=code, name=code, level=level, parent=parent)
        self.unit_ids[code] = made
        self.units.append(code)

    def _organise(self) -> None:
        for province in range(4):
            self._open(f"u{province}", "province", "group")
            for network in range(2):
                above = f"u{province}-{network}"
                self._open(above, "network", f"u{province}")
                for team in range(self.chance.randrange(3)):
                    self._open(f"{above}-{team}", "team", above)
        for n, code in enumerate(self.people):
            name, phone, email = f"zqe{n:04}n", f"74{n:08}", f"zqe{n:04}e@a.cn"
            details = {"name": name, "phone": phone, "email": email}
            made = self.do("employee.engage", code=code, unit=self._unit(), **details)
            self._tell(made, [(name, ""), (phone, "phone"), (email.partition("@")[0], "email")])
        for n in range(7):
            made = self.do("team.form", name=f"zqm{n:04}n", unit=self._unit())
            self._tell(made, [(f"zqm{n:04}n", "")])
            for code in self.chance.sample(self.people, 3):
                self.do("team.add-member", made, employee=code, role="sales")

    def _grant(self) -> None:
        for code in self.roles:
            some = self.chance.sample(PATTERNS, self.chance.randrange(1, 7))
            some = ["*"] if code == "r0" else some
            self.do("role.define", code=code, name=code, unit="group", permissions=some)
        pick, chance = self.chance.choice, self.chance.random
        for n in range(70):
            made = self.do(
                "grant.give",
                employee=pick(self.people),
                role=pick(self.roles),
                unit=self._unit(),
                reach=pick(["unit", "unit", "team", "own"]),
                masked=self._masks(),
                starts=pick([None, None, None, LONG_AGO, SOON]),
                until=pick([SOON + timedelta(1), None, None, None, None]),
                reason=f"zqg{n:04}n",
            )
            self._tell(made, [(f"zqg{n:04}n", "")])
        for n in range(14):
            principal, deputy = self.chance.sample(self.people, 2)
            since, until = pick([(LONG_AGO, SOON), (LONG_AGO, SOON), (LONG_AGO, LATELY)])
            since = SOON - timedelta(1) if chance() < 0.1 and until is SOON else since
            body = {"principal": principal, "deputy": deputy, "reason": f"zqd{n:04}n"}
            made = self.do("delegation.give", starts=since, until=until, **body)
            self._tell(made, [(f"zqd{n:04}n", "")])
        for n in range(16):
            made = self.do(
                "api-key.issue",
                name=f"zqk{n:04}n",
                role=pick(self.roles),
                unit=self._unit(),
                masked=self._masks(),
                until=pick([None, None, None, None, LATELY]),
            )
            self._tell(made, [(f"zqk{n:04}n", "")])

    def _work(self) -> None:
        for n in range(40):
            self._customer(n)
        for n in range(50):
            self._opportunity(n)
        for n in range(20):
            self._contract(n)
        for n in range(40):
            name = f"zqt{n:04}n"
            fixed = {"kind": "fault", "severity": "minor", "channel": "hotline"}
            customer = self.chance.choice(self.ids["customer"])
            made = self.do(
                "service-ticket.open", title=name, customer_id=customer, unit=self._unit(), **fixed
            )
            self._tell(made, [(name, "")])
            if self.chance.random() < 0.6:
                self.do("service-ticket.assign", made, owner=self._somebody())
        for n in range(12):
            name, budget = f"zqa{n:04}n", f"76{n:06}.50"
            fixed = {"goal": "sell", "kind": "cross-selling"}
            dates = {"starts_on": "2026-01-01", "ends_on": "2026-02-01"}
            units = self.chance.sample(self.units, self.chance.randrange(1, 4))
            manager = self.chance.choice([None, self._somebody()])
            about: dict[str, Any] = {
                "name": name,
                "budget": budget,
                "units": units,
                "manager": manager,
            }
            made = self.do("campaign.plan", **about, **fixed, **dates)
            self._tell(made, [(name, ""), (budget[:8], "cost")])
        self._rest()
        for n in range(40, 52, 2):
            pair = {"survivor_id": self._plain(n), "duplicate_id": self._plain(n + 1)}
            self.do("customer-merge.begin", reason="one company", **pair)

    def _plain(self, n: int) -> str:
        """Register a customer that has nothing that would go over in a merge."""
        name, revenue = f"zqc{n:04}n", f"71{n:06}.50"
        about = {"name": f"{name} group{n % 5}", "annual_revenue": revenue}
        made = self.do("customer.register", unit=self._unit(), **about)
        self._tell(made, [(name, ""), (revenue[:8], "revenue")])
        return made

    def _customer(self, n: int) -> None:
        name, revenue, budget = f"zqc{n:04}n", f"71{n:06}.50", f"72{n:06}.50"
        others = self.ids.get("customer", [])
        made = self.do(
            "customer.register",
            name=f"{name} group{n % 5}",
            unit=self._unit(),
            annual_revenue=revenue,
            it_budget=budget,
            parent_id=self.chance.choice([None, *others]),
        )
        birthday = (date(1950, 1, 1) + timedelta(n)).isoformat()
        contact = {"phone": f"73{n:08}", "email": f"zqc{n:04}e@a.cn", "birthday": birthday}
        self.do("customer.add-contact", made, name="Li", preferences=f"zqc{n:04}p", **contact)
        self._tell(
            made,
            [
                *((name, ""), (revenue[:8], "revenue"), (budget[:8], "it-budget")),
                *((contact["phone"], "phone"), (contact["email"].partition("@")[0], "email")),
                *((birthday, "birthday"), (f"zqc{n:04}p", "preferences")),
            ],
        )
        if self.chance.random() < 0.7:
            self.do("customer.assign-manager", made, manager=self._somebody())
        for employee in self.chance.sample(self.people, self.chance.choice([0, 0, 1, 2])):
            self.do("customer.add-team-member", made, employee=employee, role="service")

    def _contract(self, n: int) -> None:
        name, fee = f"zqx{n:04}n", f"77{n:06}.50"
        made = self.do(
            "contract.draft",
            title=name,
            unit=self._unit(),
            customer_id=self.chance.choice(self.ids["customer"]),
            manager=self.chance.choice([None, self._somebody()]),
            starts_on="2026-01-01",
            ends_on="2026-12-31",
            lines=[{"id": "a", "product": "DIA", "one_off": fee}],
        )
        self._tell(made, [(name, ""), (fee[:8], "amount")])

    def _opportunity(self, n: int) -> None:
        name, amount = f"zqo{n:04}n", f"75{n:06}.50"
        made = self.do(
            "opportunity.open",
            title=f"{name} group{n % 5}",
            unit=self._unit(),
            customer_id=self.chance.choice([None, *self.ids["customer"]]),
            manager=self.chance.choice([None, self._somebody(), self._somebody()]),
            amount=amount,
            expected_close="2027-01-01",
        )
        self._tell(made, [(name, ""), (amount[:8], "amount")])
        for employee in self.chance.sample(self.people, self.chance.choice([0, 0, 1, 2])):
            self.do("opportunity.add-team-member", made, employee=employee, role="sales")

    def _rest(self) -> None:
        """Make records of each kind that has none yet and belongs somewhere, each with a name."""
        pick, told, there = self.chance.choice, len(self.tokens), set(self.ids)
        names = self.ids | {"unit": self.units, "employee": self.people, "role": self.roles}
        for kind, model in models_by_kind().items():
            if kind in there or model.scope == Scope() or model.scope.public or kind in APART:
                continue
            creating = next(
                c for c in commands().values() if c.aggregate.kind == kind and c.creates
            )
            for n in range(told, told + 12):
                some = {of: self.chance.sample(each, len(each)) for of, each in names.items()}
                name, manager = f"zqz{n:04}n", pick([None, self._somebody()])
                given = {"manager": manager, **dict.fromkeys(NAMED, name)}
                given |= named_by(creating, partial(self._made, some), pick(self.ids["customer"]))
                made = self.do(creating.name, **beginning(creating, some, **given))
                self._tell(made, [(name, "")])
            told += 12

    def _made(self, names: Names, creating: Command, **given: Any) -> str:
        return self.do(creating.name, **beginning(creating, names, **given))

    def change(self) -> None:
        """Let time pass: records and people move, units and grants end."""
        pick = self.chance.choice
        for kind in [each for each in self.ids if f"{each}.transfer" in commands()]:
            for id_ in self.chance.sample(self.ids[kind], 10):
                self.do(f"{kind}.transfer", id_, unit=self._unit(), reason="moved")
        for kind in [each for each in self.ids if f"{each}.assign-manager" in commands()]:
            for id_ in self.chance.sample(self.ids[kind], 10):
                self.do(f"{kind}.assign-manager", id_, manager=self._somebody())
        for id_ in self.chance.sample(self.ids["customer"], 12):
            self.do("customer.remove-team-member", id_, employee=self._somebody())
        for id_ in self.chance.sample(self.ids["opportunity"], 5):
            self.do("opportunity.abandon", id_, reason="no need")
        for id_ in self.chance.sample(self.ids["customer"], 3):
            self.do("customer.release-manager", id_)
        for id_ in self.ids["customer-merge"][:2]:
            self.do("customer-merge.reverse", id_, reason="two companies")
        for id_ in self.chance.sample(self.ids["grant"], 8):
            self.do("grant.revoke", id_, reason="over")
        for kind, verb in (("delegation", "withdraw"), ("api-key", "revoke"), ("team", "dissolve")):
            self.do(f"{kind}.{verb}", pick(self.ids[kind]), reason="over")
        for id_ in self.ids["team"]:
            self.do("team.remove-member", id_, employee=self._somebody())
        self.do("role.retire", pick(self.ids["role"][1:]), reason="over")
        for id_ in self.chance.sample(self.ids["employee"], 4):
            self.do("employee.leave", id_, reason="left")
        for id_ in self.chance.sample(self.ids["employee"], 4):
            self.do("employee.reengage", id_, unit=self._unit())
            self.do("employee.move", id_, unit=self._unit(), reason="moved")
        for code in self.chance.sample(self.units[1:], 5):
            if code.count("-") == 1:
                self.do("unit.move", self.unit_ids[code], parent=f"u{pick('0123')}", reason="new")
            elif pick([True, False]):
                self.do("unit.close", self.unit_ids[code], reason="over")
            else:
                into = pick([each for each in self.units[1:] if each != code])
                self.do("unit.merge", self.unit_ids[code], into=into, reason="one")

    def _unit(self) -> str:
        return self.chance.choice(self.units)

    def _somebody(self) -> str:
        return self.chance.choice(self.people)

    def _masks(self) -> list[str]:
        return self.chance.sample(CLASSES, self.chance.choice([0, 0, 0, 1, 3]))
