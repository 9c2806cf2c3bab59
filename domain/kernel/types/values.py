"""Values shared by all aggregates: bounded text, codes, money, references to other records."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from domain.kernel.types.days import Day as Day
from domain.kernel.types.days import LastDay as LastDay
from domain.kernel.types.days import Moment as Moment
from domain.kernel.types.days import NearDay as NearDay
from domain.kernel.types.days import PastDay as PastDay
from domain.kernel.types.days import PastYear as PastYear
from domain.kernel.types.days import TermMoment as TermMoment
from domain.kernel.types.text import Line as Line
from domain.kernel.types.text import Plain as Plain
from domain.kernel.types.text import Prose as Prose

_DIGITS = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?")

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\w.@:-]+$"), Plain]
"""An identifier given by people or other systems: an employee, a contract number."""

PlainUnitCode = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
    Field(examples=["gd-gz"]),
]
"""The code of an organisational unit, whether there is one of that code or not."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["CNY"])]
"""An ISO 4217 currency code."""


LARGEST = Decimal("9999999999999999.99")
"""The largest amount of money anywhere: what 18 digits hold, two of them behind the point."""


def _in_digits(value: object) -> object:
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise PydanticCustomError("digits", "Give an amount in digits, as in 125000.00")
    return value


Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=18, decimal_places=2, examples=["125000.00"], strict=False),
    BeforeValidator(_in_digits),
    AfterValidator(abs),
]
"""An amount of money in the currency named beside it; a decimal string in JSON."""

Signed = Annotated[
    Decimal,
    Field(ge=-LARGEST, le=LARGEST, max_digits=18, decimal_places=2, strict=False),
    BeforeValidator(_in_digits),
]
"""An amount of money that may be below nothing, as a discount; a decimal string in JSON."""

Number = Annotated[
    Decimal,
    Field(ge=-LARGEST, le=LARGEST, decimal_places=4, examples=["100"], strict=False),
    BeforeValidator(_in_digits),
]
"""A number of any measure, with four decimals at most; a decimal string in JSON."""

Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""A number of things."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """Marks a parameter that names another record: it must exist, and be open when `live`.

    It is named by its id, or by its code when `claim` is the name of the rule under which records
    of this `kind` claim theirs. `ended` is the rule under which another record claims the id of
    one that it has ended; then that one is not named any more, in lists neither.
    """

    kind: str
    live: bool = True
    claim: str | None = None
    ended: str | None = None


PERSON = "person"
IN_USE, ERASED = "in-use", "erased"


@dataclasses.dataclass(frozen=True, slots=True)
class Lineage:
    """Marks a parameter that the system fills in: a record and those above it, nearest first.

    `start` is the name of the parameter, or of the record's attribute, that names the first one, by
    its id or by its code under the rule `claim`, of which several make a key; `step` the attribute
    of a record that names the one above it, none for the first alone; `take` the attribute that is
    wanted of each. With `one` the first one's comes by itself, as it was on the day that the
    command states, and nothing where there is no such record. Such a parameter is no part of the
    command's body. A `PERSON` outside the staff is no record: what comes is `IN_USE` when some
    record knows them by this id, `ERASED` when none may any more.
    """

    kind: str
    start: str | tuple[str, ...]
    step: str | None
    claim: str | None = None
    take: str = "id"
    one: bool = False


def attribute(kind: str, start: str, take: str, claim: str | None = None) -> Lineage:
    """Mark a parameter that the system fills in: what a record has in an attribute.

    As in `Annotated[Category | None, attribute("customer", "customer_id", "category")]`; the
    arguments are those of `Lineage`.
    """
    return Lineage(kind, start, None, claim, take, one=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Issued:
    """Marks a parameter that the server makes up, such as the hash of a secret it hands out.

    Such a parameter is no part of the command's body: no client can choose it.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field of an event that tells of a natural person outside the staff: it is sealed.

    `person` is the field beside it with the person's id; where objects are kept by such ids there
    is none. `None` means that nobody knows the person by an id: the record's own takes its place.
    Such a field may be null, as it is once the person was erased.
    """

    person: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Erases:
    """Marks the field of an event that names a person: from then on nobody can read of them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Adds:
    """Marks the field of an event with the id of a part that it adds to its record.

    The answer to the command that states the event tells it.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Come:
    """Marks a day or a year in an event that has come by the day from which the event is true."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sensitive:
    """Marks a field of an event that not all who see the record may see: the class it is of."""

    name: str


Worth = Annotated[Decimal, Sensitive("amount")]
"""An amount of a sale, as an event states it."""

Cost = Annotated[Decimal, Sensitive("cost")]
"""What something costs or may cost, as an event states it."""


Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""The id of a record, or of a part of one."""

Kind = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[a-z]+(-[a-z]+)*$"),
    Field(examples=["opportunity"]),
]
"""The kind of a record, as in its commands."""

MERGED = "merged-once"
"""The rule under which a merge of customers claims the one that goes into the other."""

CustomerId = Annotated[Id, Reference("customer", ended=MERGED)]
"""The id of a customer that is not closed, and not merged into another."""

OpportunityId = Annotated[Id, Reference("opportunity", live=False)]
"""The id of an opportunity, open or not."""

ContractId = Annotated[Id, Reference("contract", live=False)]
"""The id of a contract, ended or not."""

ProductId = Annotated[Id, Reference("product")]
"""The id of a product that is not withdrawn."""

SiteId = Annotated[Id, Reference("site")]
"""The id of a site that is not vacated."""

CustomerAncestors = Annotated[Sequence[str], Lineage("customer", "parent_id", "parent_id")]
"""The customer that `parent_id` names and those above it, nearest first."""

ACCOUNT_NUMBER = "account-number-taken"
BILL_RUN = "run-once"
"""The rules under which billing accounts claim their numbers, bill runs their system and month."""

UNIT_CODE = "unit-code-taken"
EMPLOYEE_CODE = "employee-code-taken"
ROLE_CODE = "role-code-taken"
CALENDAR_CODE = "calendar-code-taken"
"""The rules under which units, employees, roles and working calendars claim their codes."""

UnitCode = Annotated[PlainUnitCode, Reference("unit", claim=UNIT_CODE)]
"""The code of an organisational unit that has not ended: group, province, local network, team."""

EmployeeCode = Annotated[Code, Reference("employee", claim=EMPLOYEE_CODE)]
"""The code of an employee who has not left."""

RoleCode = Annotated[Code, Reference("role", claim=ROLE_CODE)]
"""The code of a role that is not retired."""


PlainCalendarCode = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
    Field(examples=["cn-office"]),
]
"""The code of a working calendar, whether there is one of that code or not."""

CalendarCode = Annotated[PlainCalendarCode, Reference("working-calendar", claim=CALENDAR_CODE)]
"""The code of a working calendar that is not retired."""


class Value(BaseModel):
    """A value with parts, equal to another when all parts are; unknown parts are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
