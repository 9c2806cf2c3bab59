"""Contacts over HTTP: persons found by their telephone number, e-mail address, name or birthday."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Annotated, Any, Literal, NotRequired

from fastapi import APIRouter, Query, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from typing_extensions import TypedDict

from api.document.answers import Masked, Next, Position, Sealed, Uuid, answer
from api.kernel.access.visibility import See
from api.kernel.problems import InvalidParameter
from api.kernel.process import Parts
from api.kernel.reading.as_of import present
from api.kernel.reading.cursors import Cursor, Place, page
from api.kernel.reading.read_parameters import (
    Limit,
    MinPosition,
    TheParts,
    checked,
    invalid,
    json_response,
    reach,
)
from api.kernel.reading.told import tell
from api.reads.beside.asked import Expand
from api.reads.beside.names import expanded, with_names
from api.reads.meant import meant, refuse_nobodys
from domain.customers.customer_contacts import DecisionRole, Relationship
from domain.kernel.types.days import plain_day
from domain.kernel.types.sought import BIRTHDAY, EMAIL, NAME, PHONE, Sought
from projections.customers.contacts import (
    DETAILS,
    OF_CUSTOMER,
    Contact,
    Marked,
    contacts,
    described,
)
from projections.customers.customers import customers
from projections.kernel.lists.list_query import shown_somewhere
from projections.kernel.lists.listing import Listing, chosen
from projections.kernel.lists.point_in_time import Now
from projections.kernel.visibility.column_masks import classes
from projections.kernel.visibility.visibility import Sight

router = APIRouter(tags=["customers"])

_listing = Listing(customers)

_NAMED = {"unit": "unit", "manager": "employee"}

_LEAP = date(2024, 1, 1)
"""A year that has all days."""

_CALENDAR = [f"{_LEAP + timedelta(days=n):%m-%d}" for n in range(366)]

_FORM = "a day of the year, as in 12-28, or a day, as in 2026-12-28"


class FoundContact(TypedDict):
    """A person at a customer, with whom that belongs to."""

    id: Uuid
    customer_id: Uuid
    customer_name: str
    unit: str
    manager: str | None
    name: str | None
    title: str | None
    decision_role: DecisionRole | None
    influence: int | None
    relationship: Relationship | None
    birthday: date | None
    preferences: str | None
    phone: str | None
    email: str | None
    masked: NotRequired[Masked]
    sealed: NotRequired[Sealed]
    names: NotRequired[
        Annotated[dict[str, str | None], Field(description="of the columns in `expand`")]
    ]


class FoundContacts(TypedDict):
    """A page of persons."""

    items: list[FoundContact]
    next: Next
    position: Position
    count: NotRequired[Annotated[int, Field(description="all of them, if asked for")]]
    narrowed: NotRequired[
        Annotated[list[str], Field(description="only persons who show these classes are in it")]
    ]


Sort = Literal["customer_name", "-customer_name", "birthday", "-birthday"]
Asked = Mapping[str, tuple[Sought, Sequence[str]]]
"""For each field of a contact how it is sought, and the forms that are asked for."""


@router.get(
    "/contacts",
    operation_id="customer.contacts",
    responses=answer("A page of persons.", FoundContacts),
)
async def find(
    parts: TheParts,
    see: See,
    cursor: Cursor,
    min_position: MinPosition,
    phone: Annotated[
        str | None,
        Query(
            max_length=60,
            description="the whole number, in any usual form; one without a "
            "country is of China; with an extension only those who have it",
        ),
    ] = None,
    email: Annotated[
        str | None, Query(max_length=200, description="the whole address; case does not count")
    ] = None,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            description="whole words of the name, or two of its Chinese "
            "characters and more that stand together",
        ),
    ] = None,
    customer: Annotated[str | None, Query(max_length=36, description="the id of theirs")] = None,
    manager: Annotated[
        str | None, Query(max_length=64, description="who keeps theirs, by code, or `me`")
    ] = None,
    birthday_from: Annotated[
        str | None, Query(max_length=10, description=f"{_FORM}; the years do not count")
    ] = None,
    birthday_to: Annotated[
        str | None,
        Query(max_length=10, description=f"{_FORM}, also of the year after; else the same day"),
    ] = None,
    sort: Annotated[
        Sort | None,
        Query(description="by birthday, from `birthday_from` on, where that is asked for"),
    ] = None,
    fields: Annotated[
        str | None, Query(max_length=500, description="fields with commas between; else all")
    ] = None,
    expand: Expand = None,
    limit: Limit = 50,
    count: Annotated[
        Literal["exact"] | None, Query(description="`exact` adds the number of all of them")
    ] = None,
) -> Response:
    """Find persons at the customers in sight, as they are now, by what is known of them.

    All that is given has to hold; one of these is to be given. What is masked at a customer finds
    nobody there. Values are found by digests that only the server can make and that go with the
    person's key; the log of operations has digests of the words asked for.
    """
    sight = see.need(f"{customers.aggregate}.read")
    names = _fields(fields)
    with checked():
        named = expanded(_NAMED, expand, names)
    asked = _asked(phone, email, q, birthday_from, birthday_to)
    of = {} if manager is None else meant(see, customers, {"manager": manager})
    await refuse_nobodys(parts, see, customers, of, sight)
    if customer is not None:
        of["id"] = customer
    if not asked and not of:
        given = "phone, email, q, customer, manager or birthday_from"
        raise InvalidParameter(
            f"Say whom you look for, by {given}.", [{"parameter": "q", "detail": f"give {given}"}]
        )
    if sort is not None and "birthday" in sort and "birthday" not in asked:
        raise invalid("sort", "they are sorted by birthday where birthday_from is given")
    order: Sort = sort or ("birthday" if "birthday" in asked else "customer_name")
    if customer is not None:  # which may have been registered just now
        min_position = max(min_position, parts.journal.appended)
    await reach(parts.visible, min_position)
    find = see.ask if q or birthday_from else run_in_threadpool
    found, headers = await find(
        _found, parts, sight, asked, of, order, cursor, limit, names, count is not None
    )
    if named:
        items = await run_in_threadpool(with_names, parts, see, _NAMED, named, found["items"])
        found |= {"items": items}
    return json_response(found, headers)


def _found(
    parts: Parts,
    sight: Sight,
    asked: Asked,
    of: Mapping[str, str],
    order: Sort,
    cursor: Place,
    limit: int,
    names: Sequence[str],
    count: bool,
) -> tuple[dict[str, Any], dict[str, str]]:
    hidden = sorted(sight.masked_somewhere() & classes(customers, ["contacts"]) & asked.keys())
    with checked():
        for each in hidden:
            shown_somewhere(each, sight, _PARAMETERS[each])
    sights = [sight.showing(each) for each in hidden] or [sight]
    marked, days = _marked(parts, asked)
    down = order.startswith("-")
    with present(parts, customers.aggregate) as now:
        if "id" in of:
            _require(Now(now.connection), of["id"], sight)
        every = contacts(now.connection, marked, of, sights)
        placed = sorted(((_first(each, order, days), *each[1:3]) for each in every), reverse=down)
        after = cursor.after and tuple(cursor.after)
        behind = (each for each in placed if not after or (each < after if down else each > after))
        part = list(islice(behind, limit + 1))
        wanted = [each[1:] for each in part[:limit]]
        items = described(now.connection, wanted, sight, parts.opening.rows)
    following = list(part[limit - 1]) if len(part) > limit else None
    more: dict[str, Any] = {"count": len(every)} if count else {}
    if hidden:
        more["narrowed"] = hidden
    tell(ids=[customer_id for customer_id, _ in wanted])
    rows = [chosen(each, names) for each in items]
    content, headers = page(cursor, rows, following, position=now.position, **more)
    return content, {**headers, **now.headers}


_PARAMETERS = {"phone": "phone", "email": "email", "birthday": "birthday_from"}


def _marked(parts: Parts, asked: Asked) -> tuple[dict[str, Marked], dict[str, int]]:
    """Return the values that the index finds, by field, and for birthdays the place of each day."""
    parts.erasing.follow()  # the rows have come no further than this
    index, marked, days = parts.erasing.index, dict[str, Marked](), dict[str, int]()
    for field, (sought, forms) in asked.items():
        if sought is BIRTHDAY:
            placed = index.each_of(sought, forms)
            days, found = {each.mark: place for each, place in placed.items()}, [*placed]
        else:
            found = index.having(sought, forms)
        marked[field] = Marked([each.stream for each in found], [each.mark for each in found])
    return marked, days


def _first(contact: Contact, order: Sort, days: Mapping[str, int]) -> str | int:
    if "birthday" in order:
        return days[contact.birthday or ""]
    return contact.customer_name


def _require(now: Now, customer: str, sight: Sight) -> None:
    """Refuse a customer that is not in sight, or has none any more as it was merged."""
    row = _listing.one(now, customer, sight)
    if row is None:
        raise invalid("customer", f"No customer in sight is {customer!r}.")
    if row["merged"]:
        into = row["merged"]["into"]
        raise invalid("customer", f"It was merged into {into}, which has its contacts.")


def _asked(
    phone: str | None, email: str | None, q: str | None, first: str | None, last: str | None
) -> Asked:
    """Return what is asked for. Raises `InvalidParameter` for what is none."""
    found: dict[str, tuple[Sought, Sequence[str]]] = {}
    for parameter, field, sought, text in (
        ("phone", "phone", PHONE, phone),
        ("email", "email", EMAIL, email),
        ("q", "name", NAME, q),
    ):
        if text is not None:
            try:
                found[field] = (sought, sorted(sought.asked(text)))
            except ValueError as error:
                raise invalid(parameter, str(error)) from None
    if first is not None:
        found["birthday"] = (BIRTHDAY, _days(first, first if last is None else last))
    elif last is not None:
        raise invalid("birthday_to", "Give birthday_from, too.")
    return found


def _days(first: str, last: str) -> list[str]:
    """Return the days of the year from one to another, which may be in the year after."""
    begin, end = _day(first, "birthday_from"), _day(last, "birthday_to")
    if len(first) != len(last):
        raise invalid("birthday_to", "Give both with their years or both without.")
    if len(first) == 10:
        if last < first:
            raise invalid("birthday_to", "The end is before the begin.")
        if date.fromisoformat(last) - date.fromisoformat(first) >= timedelta(days=365):
            return [*_CALENDAR[begin:], *_CALENDAR[:begin]]
    if begin <= end:
        return _CALENDAR[begin : end + 1]
    return [*_CALENDAR[begin:], *_CALENDAR[: end + 1]]


def _day(text: str, parameter: str) -> int:
    try:
        if re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
            return _CALENDAR.index(text)
        return _CALENDAR.index(f"{plain_day(text):%m-%d}")
    except ValueError:
        raise invalid(parameter, f"Give {_FORM}.") from None


def _fields(select: str | None) -> tuple[str, ...]:
    able = (*OF_CUSTOMER, *DETAILS)
    wanted = able if select is None else tuple(dict.fromkeys(select.split(",")))
    for name in wanted:
        if name not in able:
            raise invalid("fields", f"no field {name[:100]!r}")
    return wanted
