"""The example of every command is understood where the demo data is: done, or against a rule."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from adapters.commands.bootstrap import lay
from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import RuleBroken
from api.commands.generated_parameters import issued
from api.demo.demo import Size, load
from api.document.command_operations import body_of
from api.document.common_parts import ID
from api.permissions import api_keys as api_keys
from domain.kernel.commands import Command, commands
from domain.kernel.time.business_day import today
from tests.adapters.appending import origin
from tests.adapters.keyring import keys_in
from tests.api.documented import committed

SIZE = Size(
    customers=60,
    sales=150,
    tickets=80,
    contracts=60,
    sites=90,
    uses=150,
    billing_accounts=60,
    visits=90,
    works=20,
)
SCHEMAS = committed()["components"]["schemas"]
WRITTEN = date(2026, 11, 30)
"""What is today in the examples."""

PARTS = {"contact_id", "customer_id", "amendment_id", "employee", "competitor", "product", "skill"}
"""Fields of events and bodies that name a part of a record."""

TRIED = 60
"""Records that a command is tried on before it counts as refused."""

OF_BODIES = {
    *(
        "dates-contradict",
        "future-fact",
        "level-misfit",
        "nothing-changed",
        "other-deputy-required",
    ),
    *("parent-cycle", "root-taken", "term-inverted", "unit-cycle"),
}
"""Rules that a body breaks by itself, whatever there is."""


def lately(value: Any) -> Any:
    """Return a value of an example whose days are as far from today as when it was written."""
    if isinstance(value, list):
        return [lately(each) for each in value]
    if isinstance(value, dict):
        return {name: lately(each) for name, each in value.items()}
    if isinstance(value, str) and re.match(r"20\d\d-\d\d-\d\d", value):
        day = date.fromisoformat(value[:10]) + (today() - WRITTEN)
        return f"{day}{value[10:]}"
    return value


def parts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield what an event says by which parts of its record are named."""
    if name in PARTS and isinstance(value, str):
        yield name, value
    if isinstance(value, list) and value and isinstance(value[0], dict) and "id" in value[0]:
        yield "item", value[0]["id"]
    if name == "customer_ids":
        yield "customer_id", value[0]


class Demo:
    """The demo data, on which commands are decided and not kept."""

    def __init__(self, folder: Path) -> None:
        keys = keys_in(folder)
        self.journal = Journal(f"sqlite:///{folder / 'journal.db'}", keys=keys)
        self.journal.create()
        executor = Executor(self.journal)
        executor.start()
        lay(executor)
        load(executor, size=SIZE)
        executor.stop()
        self.ids: dict[str, list[str]] = defaultdict(list)
        self.told: dict[str, dict[str, str]] = defaultdict(dict)
        for event in self.journal.read(0, 100_000):
            if event.version == 1:
                self.ids[event.aggregate].append(event.stream)
            for name, value in event.data.items():
                for part, known in parts(name, value):
                    self.told[event.stream].setdefault(part, known)

    def outcome(self, command: Command, example: dict[str, Any]) -> set[str]:
        """Return the rules by which an example is refused on all records; none if it is done."""
        refused: set[str] = set()
        given = issued(command.name).given

        def call(target: str | None, body: dict[str, Any]) -> Call:
            return Call(command.name, target, body, origin(), issued=given)

        for turn, target in enumerate(self._targets(command)):
            for body in self._at_home(command, example, target, turn):
                with Rehearsal(self.journal) as rehearsal:
                    try:
                        rehearsal.submit(call(target, body)).result()
                    except RuleBroken as refusal:
                        refused.add(refusal.name)
                    else:
                        return set()
        return refused

    def _targets(self, command: Command) -> Iterator[str | None]:
        if command.creates:
            return iter([None] * 10)
        return islice(iter(self.ids[command.aggregate.kind]), TRIED)

    def _at_home(
        self, command: Command, example: dict[str, Any], target: str | None, turn: int
    ) -> Iterator[dict[str, Any]]:
        """Yield an example with ids of records that there are, then with parts of the record."""
        body = {name: lately(value) for name, value in example.items()}
        for number, (name, reference) in enumerate(command.references.items()):
            there = self.ids[reference.kind]
            one = there[(7 * turn + number + 1) % len(there)] if there else ID["examples"][0]
            if body.get(name) == ID["examples"][0]:
                body[name] = one
            elif body.get(name) == ID["examples"]:
                body[name] = [one]
        yield body
        known = self.told[target or ""]
        yield body | {name: known[name] for name in body if name in known}


def test_the_example_of_every_command_is_done_or_the_record_is_not_in_that_state(
    tmp_path: Path,
) -> None:
    demo = Demo(tmp_path)
    examples = {name: SCHEMAS[body_of(each)]["examples"] for name, each in commands().items()}
    refused = {
        name: rules
        for name, (example,) in examples.items()
        if (rules := demo.outcome(commands()[name], example))
    }
    demo.journal.close()
    assert all(rules - OF_BODIES for rules in refused.values()), refused
    assert len(refused) < len(examples) / 4, refused  # what the demo has none of, differs by day
