"""Plays: random but well-formed commands from anywhere in a life, and what must hold throughout."""

import copy
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from domain.customers import customer_contacts as contact
from domain.customers import customer_profile as profile
from domain.kernel.aggregate import Aggregate, RuleViolation, Stored, to_stored
from domain.kernel.commands import Command, every_command
from domain.kernel.time import working_hours
from domain.kernel.time.replay import evolve, read, taken, tell
from domain.kernel.types import codes, values
from domain.kernel.types.authority import Level, Seat
from domain.organisation import working_calendar
from domain.permissions import permission
from domain.permissions.authority_limits import decide
from tests.domain.replay import Row, golden
from tests.domain.replay import history as golden_history

IDS = [f"0192f3a1-0000-7000-8000-00000000000{digit}" for digit in range(4)]
TEXTS = ["甲公司", "Acme", "third"]
DAYS = ["2024-01-01", "2024-06-30", "2025-01-01"]
MOMENTS = ["2024-01-01T00:00:00Z", "2024-06-30T08:00:00+08:00"]

SEATS = [
    None,
    Seat(Level.NETWORK, "gd-gz"),
    Seat(Level.PROVINCE, "gd"),
    Seat(Level.GROUP, "group"),
]
"""What stands at a team and above it: it has no level itself."""

POOLS: list[tuple[Any, Sequence[Any]]] = [
    (values.Line, TEXTS),
    (values.Prose, ["", *TEXTS]),
    (values.Code, ["e1", "e2"]),
    (values.PlainUnitCode, ["gd", "gd-gz"]),
    (values.UnitCode, ["gd", "gd-gz"]),
    (values.EmployeeCode, ["e1", "e2"]),
    (codes.NewCode, ["e1", "e2"]),
    (values.RoleCode, ["r1", "r2"]),
    (permission.Pattern, ["*", "customer.*", "*.read", "campaign.approve"]),
    (values.Currency, ["CNY", "USD"]),
    (values.PlainCalendarCode, ["office", "clock"]),
    (values.CalendarCode, ["office", "clock"]),
    (working_hours.Zone, ["Asia/Shanghai", "Europe/London"]),
    (working_hours.Interval, ["08:00-12:00", "13:00-17:00", "18:00-24:00", "12:00-08:00"]),
    (working_calendar.Year, [2024, 2025]),
    (bool, [True, False]),
    (values.Amount, ["0", "12.50", "9999999999999999.99"]),
    *((each, DAYS) for each in (values.Day, values.PastDay, values.NearDay, values.LastDay)),
    *((each, MOMENTS) for each in (values.Moment, values.TermMoment)),
    (values.CustomerId, IDS),
    (values.OpportunityId, IDS),
    (values.Id, IDS),
    (values.Kind, ["customer", "service-ticket"]),
    (profile.RegistrationNumber, ["AB-1", "ab 1", "CD-2"]),
    (profile.Website, ["https://example.com"]),
    (values.PastYear, [1949, 2001]),
    (contact.Phone, ["+86 20 8888 1234"]),
    (contact.Email, ["li.wei@example.com"]),
]
"""Well-formed JSON for the types of parameters; few values of each, so that they meet again."""


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


def _json(hint: Any) -> st.SearchStrategy[Any]:
    for known, pool in POOLS:
        if hint is known or hint == known:
            return st.sampled_from(pool)
    arguments = get_args(hint)
    if hint is NoneType:
        return st.none()
    if get_origin(hint) is Literal:
        return st.sampled_from(arguments)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from([member.value for member in hint])
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _body(hint)
    if get_origin(hint) in (list, tuple):
        return st.lists(_json(arguments[0]), min_size=1, max_size=3)
    if hasattr(hint, "__metadata__"):
        for known, pool in POOLS:  # one of these with marks of its own
            marks = getattr(known, "__metadata__", ())
            if marks and hint.__metadata__[: len(marks)] == marks:
                return st.sampled_from(pool)
        return st.integers(1, 5) if arguments[0] is int else _json(arguments[0])
    return st.one_of(*map(_json, arguments))


def _body(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    fields: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for name, hint in _hints(model).items():
        place = fields if model.model_fields[name].is_required() else optional
        place[name] = _json(hint)
    return st.fixed_dictionaries(fields, optional=optional)


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


Step = tuple[Command, dict[str, Any]]


def plays(aggregate: type[Aggregate]) -> st.SearchStrategy[tuple[int, list[Step]]]:
    """Return how many golden events to begin with, and the commands that follow."""
    _, rest = _choices(aggregate)
    length = len(golden(aggregate.kind)["events"])
    return st.one_of(
        st.tuples(st.just(0), lives(aggregate)),
        st.tuples(st.integers(1, length), _scenes(rest, rest)),
    )


def lives(aggregate: type[Aggregate]) -> st.SearchStrategy[list[Step]]:
    """Return commands from the beginning of a record on."""
    return _scenes(*_choices(aggregate))


def _choices(aggregate: type[Aggregate]) -> tuple[list[Command], list[Command]]:
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
    """Give a command with its JSON body to an aggregate class or a record."""
    checked = command.body.model_validate_json(TypeAdapter(Any).dump_json(body))
    arguments = {name: getattr(checked, name) for name in type(checked).model_fields}
    arguments |= dict.fromkeys(command.issued, "issued")
    arguments |= {p: SEATS if m.take == "seat" else IDS[:1] for p, m in command.lineages.items()}
    decided = command.decided.items()
    arguments |= {p: decide(each.rule, each.facts(target, arguments)) for p, each in decided}
    return command.give(target, arguments | dict.fromkeys(command.highest, Level.PROVINCE))


def play(aggregate: type[Aggregate], begin: int, steps: list[Step]) -> None:
    """Run a play: each command is refused by a rule it declares, or states a fact, two at most."""
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
            assert len(facts) in (1, 2)
            said += facts
        if record is None:
            return
    assert tell(None, read(0, [*past, *history(said)])) == record
