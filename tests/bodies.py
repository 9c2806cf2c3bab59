"""Bodies: well-formed JSON for every command, made of the types of its parameters."""

import copy
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from itertools import count, cycle
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.billing import bill_payments
from domain.customers import customer_contacts as contact
from domain.customers import customer_profile as profile
from domain.kernel.commands import EFFECTIVE, Command, commands
from domain.kernel.time import working_hours
from domain.kernel.types import codes, values
from domain.organisation import working_calendar
from domain.permissions import permission
from tests.domain.replay import goldens

Choose = Callable[[Sequence[Any]], Any]
"""Chooses one of several values: at random, as hypothesis draws, or the first."""

IDS = [f"0192f3a1-0000-7000-8000-00000000000{digit}" for digit in range(4)]
TEXTS = ["甲公司", "Acme", "third"]
DAYS = ["2024-01-01", "2024-06-30", "2025-01-01"]
MOMENTS = ["2024-01-01T00:00:00Z", "2024-06-30T08:00:00+08:00", "2025-01-01T00:00:00Z"]

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
    (int, [1, 2]),
    (str, TEXTS),
    (Decimal, ["0", "12.50"]),
    (values.Signed, ["12.50", "0", "-2.50"]),
    (bill_payments.Paid, ["2.50", "10"]),
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
"""Few values of each type, so that they meet again; other types tell `examples` of theirs."""

ONE_OF = {
    "product-in-use.install": "product_name",
    "bill-run.announce": "system",
    "exclusion.propose": "ticket_id",
}
"""Of several fields of a command that no type asks for, though it needs one: that."""

ONCE = ("account_number", "system")
_NUMBERS = count(1)

Names = Mapping[str, Sequence[str]]
"""By kind of record, what records that there are may be named by: ids, or codes."""


def first(choices: Sequence[Any]) -> Any:
    """Choose the first."""
    return choices[0]


def body(model: type[BaseModel], choose: Choose) -> dict[str, Any]:
    """Return JSON for a body, or another value with parts; optional parts are in by choice."""
    return {
        name: value(hint, choose)
        for name, hint in _hints(model).items()
        if model.model_fields[name].is_required() or choose([True, False])
    }


def least(command: Command, **given: Any) -> dict[str, Any]:
    """Return the shortest body of a command, with what is `given` where the command takes it."""
    fields, hints = command.body.model_fields, _hints(command.body)
    required = (name for name, each in fields.items() if each.is_required())
    made = {name: value(hints[name], first) for name in required}
    return made | {name: each for name, each in given.items() if name in fields}


def beginning(command: Command, names: Names, **given: Any) -> dict[str, Any]:
    """Return the least that makes a record: as its golden history begins, else of the types alone.

    What refers to a record of a kind in `names` has the names there in turn; what is `given` goes
    where the command takes it. A number that is given once is another each time.
    """
    fields, hints = command.body.model_fields, _hints(command.body)
    stated = {each.type for each in command.facts}
    begun = (life["events"][0] for life in goldens(command.aggregate.kind))
    known: dict[str, Any] = next((each["data"] for each in begun if each["type"] in stated), {})
    made = {
        name: copy.deepcopy(told) if (told := known.get(name)) is not None else value(hint, first)
        for name, hint in hints.items()
        if fields[name].is_required() or name == ONE_OF.get(command.name)
    }
    made |= {name: f"{each}-{next(_NUMBERS)}" for name, each in made.items() if name in ONCE}
    turns = {kind: cycle(each) for kind, each in names.items()}
    parts = [(p, inner) for name, inner in command.nested.items() for p in made.get(name) or ()]
    for part, references in [(made, command.references), *parts]:
        for name, reference in references.items():
            if part.get(name) and reference.kind in turns:
                place = next(turns[reference.kind])
                part[name] = [place] if isinstance(part[name], list) else place
    return made | {name: each for name, each in given.items() if name in fields}


NAMED_BY = {
    "exclusion.propose": {
        "agreement_id": "service-agreement.draft",
        "ticket_id": "service-ticket.open",
    },
    "maintenance.plan": {"products_in_use": "product-in-use.install"},
}
"""What commands name that is of one customer, by which command it is made."""


def named_by(command: Command, make: Callable[..., str], customer: str) -> dict[str, Any]:
    """Return what a command names that is of one customer, made for it by other commands."""
    found: dict[str, Any] = {}
    for name, each in NAMED_BY.get(command.name, {}).items():
        made = make(commands()[each], customer_id=customer)
        found[name] = made if name.endswith("_id") else [made]
    return found


def full(command: Command, choose: Choose) -> dict[str, Any]:
    """Return a body with most of what a command takes, but for the day from which it is true."""
    fields = command.body.model_fields
    return {
        name: value(hint, choose)
        for name, hint in _hints(command.body).items()
        if fields[name].is_required() or (name != EFFECTIVE and choose([True, True, True, False]))
    }


def value(hint: Any, choose: Choose) -> Any:
    """Return JSON for a type. Raises `TypeError` for one of which no value is known."""
    marks = getattr(hint, "__metadata__", ())
    for known, pool in POOLS:
        if hint is known or hint == known:
            return choose(pool)
    arguments = get_args(hint)
    if hint is NoneType:
        return None
    if get_origin(hint) is Literal:
        return choose(arguments)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return choose([member.value for member in hint])
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return body(hint, choose)
    if get_origin(hint) in (list, tuple):
        return [value(arguments[0], choose) for _ in range(choose([1, 2, 3]))]
    if marks:
        return _marked(hint, marks, choose)
    some = [each for each in arguments if each is not NoneType]
    if not some:
        raise TypeError(f"No value of {hint} is known: give the type `examples`.")
    return value(choose(some if choose is first else arguments), choose)


def _marked(hint: Any, marks: tuple[Any, ...], choose: Choose) -> Any:
    told = [each for mark in marks if isinstance(mark, FieldInfo) for each in mark.examples or ()]
    if told:
        return choose(told)
    for known, pool in POOLS:  # one of these with marks of its own
        before = getattr(known, "__metadata__", ())
        if before and marks[: len(before)] == before:
            return choose(pool)
    of = get_args(hint)[0]
    if of is not int:
        return value(of, choose)
    inner = [each for mark in marks for each in getattr(mark, "metadata", [mark])]
    low = next((int(each.ge) for each in inner if isinstance(each, Ge)), 1)  # type: ignore[call-overload]
    high = next((int(each.le) for each in inner if isinstance(each, Le)), low + 4)  # type: ignore[call-overload]
    return choose(range(max(low, 1), min(high, max(low, 1) + 4) + 1))


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}
