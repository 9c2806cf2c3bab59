"""Golden histories of new kinds: valid commands, drawn until they tell every kind of event.

`python -m tests.domain.make_golden visit` writes the file, once: what is in it is frozen from then
on, and events that are added to the kind later are added to it by hand.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from domain.kernel.aggregate import Aggregate, RuleViolation, discover, to_stored
from domain.kernel.commands import Command
from domain.kernel.time.replay import evolve, taken
from tests.bodies import full
from tests.domain.play import choices, run
from tests.domain.replay import GOLDEN, Row, shown

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ATTEMPTS = 8
"""Lives that are tried."""
TRIES = 400
"""Commands drawn in a life before it may end, of which most are refused."""


def made(aggregate: type[Aggregate]) -> list[dict[str, Any]]:
    """Return lives of records that tell every event of a kind; as few as a record's ends allow.

    Raises `ValueError` where no command drawn states some of them.
    """
    chance = random.Random(aggregate.kind)
    untold = {each for each, owner in discover().owners.items() if owner is aggregate}
    lives: list[dict[str, Any]] = []
    for attempt in range(ATTEMPTS):
        digits = sha256(f"{aggregate.kind} {attempt}".encode()).hexdigest()[:12]
        life = _Life(aggregate, f"0192f3a1-0000-7000-8000-{digits}", chance)
        life.live(untold)
        told = {row[2] for row in life.rows}
        if not untold.isdisjoint(told):
            lives.append(life.written())
        untold -= told
        if not untold:
            return lives
    raise ValueError(f"No command drawn states {', '.join(sorted(untold))}: write it by hand")


class _Life:
    """One record, from its beginning on."""

    def __init__(self, aggregate: type[Aggregate], stream: str, chance: random.Random) -> None:
        self.aggregate, self.stream, self.chance = aggregate, stream, chance
        self.first, self.rest = choices(aggregate)
        self.rows: list[Row] = []

    def live(self, untold: set[str]) -> None:
        """Command what tells something new of the record, and at last what ends it."""
        for last in (False, True):
            for turn in range(TRIES):
                command = self.chance.choice(self.rest if self.rows else self.first)
                found, told = self._after(command), {row[2] for row in self.rows}
                new = {row[2] for row in found} - told
                wanted = new & untold if last else new or turn % 20 == 19
                if found and (not self.rows or wanted) and (last or not self._ended(found)):
                    self.rows += found

    def _ended(self, found: list[Row]) -> bool:
        """Tell whether the record has ended with what was found."""
        record = evolve(None, [*self.rows, *found])
        return record is not None and record.retired

    def _after(self, command: Command) -> list[Row]:
        """Return what a command states, nothing when it is refused."""
        record: Any = evolve(None, self.rows) if self.rows else self.aggregate
        try:
            record = run(command, record, full(command, self.chance.choice)) or record
        except RuleViolation:
            return []
        rows: list[Row] = []
        for fact in taken(record, BEGIN):
            stored, version = to_stored(fact), len(self.rows) + len(rows) + 1
            time = BEGIN + timedelta(days=version - 1)
            data = stored.data.decode().replace(stored.stream, self.stream)
            rows.append((self.stream, version, stored.type, stored.schema, time, data))
        return rows

    def written(self) -> dict[str, Any]:
        """Return it as the golden files have it."""
        record = evolve(None, self.rows)
        assert record is not None
        events = [
            {
                "version": version,
                "type": type_,
                "schema": schema,
                "time": time.isoformat().replace("+00:00", "Z"),
                "data": json.loads(data),
            }
            for _, version, type_, schema, time, data in self.rows
        ]
        return {"stream": self.stream, "state": shown(record), "events": events}


def text(lives: list[dict[str, Any]]) -> str:
    """Return lives as the text of a golden file, an event a line."""
    told = []
    for life in lives:
        state = json.dumps(life["state"], ensure_ascii=False, indent=1)
        events = ",\n".join(json.dumps(each, ensure_ascii=False) for each in life["events"])
        stream = json.dumps(life["stream"])
        told.append(f'{{\n"stream": {stream},\n"state": {state},\n"events": [\n{events}\n]\n}}')
    return "[\n" + ",\n".join(told) + "\n]\n"


def main(kind: str) -> None:
    """Write the golden history of a kind that has none."""
    file = GOLDEN / f"{kind}.json"
    if file.exists():
        sys.exit(f"{file.name} is there, and stays as it is: add events that are new by hand.")
    if kind not in discover().aggregates:
        sys.exit(f"There is no {kind}.")
    file.write_text(text(made(discover().aggregates[kind])), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
