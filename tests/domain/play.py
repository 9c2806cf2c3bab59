"""Plays: random but well-formed commands from anywhere in a life, and what must hold throughout."""

import copy
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, get_args

from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from domain.billing.billing_terms import Billed, RunTerms
from domain.kernel.aggregate import Aggregate, RuleViolation, Stored, to_stored
from domain.kernel.commands import Command, every_command
from domain.kernel.tally import Tally
from domain.kernel.time.due import DUE, Due
from domain.kernel.time.replay import evolve, read, taken, tell
from domain.kernel.types.authority import Level, Seat
from domain.kernel.types.decided import decide
from tests import bodies
from tests.bodies import IDS
from tests.domain.replay import Row, golden
from tests.domain.replay import history as golden_history

_BUILT_IN = frozenset(get_args(ErrorType))
"""The kinds of faults that pydantic itself finds."""

SEATS = [
    None,
    Seat(Level.NETWORK, "gd-gz"),
    Seat(Level.PROVINCE, "gd"),
    Seat(Level.GROUP, "group"),
]
"""What stands at a team and above it: it has no level itself."""


ABOVE: dict[str, list[Any]] = {
    "seat": SEATS,
    "attributes": [None],
    "billed": [Billed(((date.min, IDS[0]),), "gd-gz", "CNY")],
    "closed": [False],
    "gives": [RunTerms(balanced=False, unit="gd-gz")],
    "promised": [{"faults": True}],
}
"""What other records give that is no name of one, by what is wanted of them."""


def history(facts: Sequence[Any]) -> list[Row]:
    """Return facts as the journal gives them back."""
    stored: list[tuple[Any, Stored]] = [(fact, to_stored(fact)) for fact in facts]
    return [(s.stream, s.version, s.type, s.schema, fact.timestamp, s.data) for fact, s in stored]


def stated(aggregate: Aggregate) -> list[str]:
    """Return the names of the facts stated so far, without the aggregate's name."""
    return [to_stored(fact).type.partition(".")[2] for fact in _pending(aggregate)]


def last(aggregate: Aggregate) -> dict[str, Any]:
    """Return the payload of the fact stated last, as it is stored."""
    payload: dict[str, Any] = json.loads(to_stored(_pending(aggregate)[-1]).data)
    return payload


def _pending(aggregate: Aggregate) -> list[Any]:
    return list(aggregate.pending_events)


def _body(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    return _made(model).filter(lambda body: _is_whole(model, body))


@st.composite
def _made(draw: st.DrawFn, model: type[BaseModel]) -> dict[str, Any]:
    return bodies.body(model, lambda choices: draw(st.sampled_from(choices)))


def _is_whole(model: type[BaseModel], body: dict[str, Any]) -> bool:
    """Tell whether what the domain says of several values together holds, as that no two are alike.

    Any other fault is one of what was drawn.
    """
    try:
        model.model_validate_json(TypeAdapter(Any).dump_json(body))
    except ValidationError as error:
        if any(each["type"] in _BUILT_IN for each in error.errors()):
            raise
        return False
    return True


Step = tuple[Command, dict[str, Any]]


def plays(aggregate: type[Aggregate]) -> st.SearchStrategy[tuple[int, list[Step]]]:
    """Return how many golden events to begin with, and the commands that follow."""
    _, rest = choices(aggregate)
    length = len(golden(aggregate.kind)["events"])
    return st.one_of(
        st.tuples(st.just(0), lives(aggregate)),
        st.tuples(st.integers(1, length), _scenes(rest, rest)),
    )


def lives(aggregate: type[Aggregate]) -> st.SearchStrategy[list[Step]]:
    """Return commands from the beginning of a record on."""
    return _scenes(*choices(aggregate))


def choices(aggregate: type[Aggregate]) -> tuple[list[Command], list[Command]]:
    """Return the commands that make a record, and those that are given to one."""
    every = every_command().values()
    mine = [each for each in every if each.aggregate is aggregate and not _fed(each)]
    first = [command for command in mine if command.creates]
    return first, [command for command in mine if not command.creates]


def _fed(command: Command) -> bool:
    """Tell whether a command of the system lives on what other records give it."""
    return command.system and any(each.take != "id" for each in command.lineages.values())


def _scenes(first: list[Command], rest: list[Command]) -> st.SearchStrategy[list[Step]]:
    return st.tuples(_steps(first), st.lists(_steps(rest), max_size=30)).map(
        lambda both: [both[0], *both[1]]
    )


def _steps(choices: list[Command]) -> st.SearchStrategy[Step]:
    return st.sampled_from(choices).flatmap(
        lambda command: st.tuples(st.just(command), _body(command.body))
    )


def run(command: Command, target: Any, body: dict[str, Any]) -> Any:
    """Give a command with its JSON body to an aggregate class or a record.

    What time brings about comes when it is due.
    """
    due: Due | None = getattr(getattr(command.aggregate, command.method), "due", None)
    moment = due.of_record(target) if due and isinstance(target, Aggregate) else None
    if moment is not None:
        body = {**body, DUE: moment.isoformat()}
    checked = command.body.model_validate_json(TypeAdapter(Any).dump_json(body))
    arguments = {name: getattr(checked, name) for name in type(checked).model_fields}
    arguments |= dict.fromkeys(command.issued, "issued")
    arguments |= dict.fromkeys(command.tallies, Tally())
    for parameter, mark in command.lineages.items():
        above = ABOVE.get(mark.take, IDS[:1])
        arguments[parameter] = above[0] if mark.one else above
    decided = command.decided.items()
    arguments |= {p: decide(each.rule, each.facts(target, arguments)) for p, each in decided}
    return command.give(target, arguments | dict.fromkeys(command.highest, Level.PROVINCE))


def play(aggregate: type[Aggregate], begin: int, steps: list[Step]) -> None:
    """Run a play: each command is refused by a rule it declares, or states a fact, two at most.

    What time brings about may be several of a kind.
    """
    past = golden_history(aggregate.kind)[:begin]
    record, said = evolve(None, past), list[Any]()
    for command, body in steps:
        before = copy.deepcopy(vars(record)) if record else {}
        broken: RuleViolation | None = None
        try:
            record = run(command, record or aggregate, body) or record
        except RuleViolation as violation:
            broken = violation
        if broken:
            assert type(broken) in command.rules
            assert broken.field is None or broken.field in command.body.model_fields
            assert (vars(record) if record else {}) == before
        else:
            assert record is not None
            facts = taken(record, datetime.now(UTC))
            assert len(facts) in (1, 2) or (command.system and len({*map(type, facts)}) == 1)
            said += facts
        if record is None:
            return
    assert tell(None, read(0, [*past, *history(said)])) == record
