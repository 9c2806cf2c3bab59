"""Reading: the query parameters that reads share, and what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from api.kernel.limits.caller_turns import aside
from api.kernel.problems import FieldMasked, InvalidParameter, NotYet
from api.kernel.process import Parts
from api.kernel.reading.position_waiter import Pulse
from api.kernel.reading.told import tell
from domain.kernel.time.business_day import begin_of, end_of, today
from domain.kernel.types.days import plain_day, plain_moment
from projections.kernel.lists import list_query as question
from projections.kernel.lists.parameters import BadParameter

PATIENCE = 5.0
"""Seconds that a read waits for its position at most."""

AHEAD = timedelta(minutes=1)
"""How far the clocks of clients may be ahead of ours."""


def _day(text: str) -> date:
    try:
        return plain_day(text)
    except ValueError:
        raise PydanticCustomError("day", "Give a day, as in 2026-03-31.") from None


Day = Annotated[date, BeforeValidator(_day)]
"""A day and nothing else: pydantic itself would take seconds since 1970 for one."""

JSON = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS  # names of columns are a kind of str


def parts_of(request: Request) -> Parts:
    """Return the parts of the server that serves a request."""
    parts: Parts = request.app.state.parts
    return parts


class Names(NamedTuple):
    """The query parameters that a route has: those of one value, and those that it reads itself."""

    single: frozenset[str]
    others: frozenset[str]

    @classmethod
    def of(cls, route: Any) -> Names:
        """Return the names of a route's parameters."""
        single = {f.alias for each in _flat(route.dependant) for f in each.query_params}
        told = (route.openapi_extra or {}).get("parameters", ())
        # What is `then` unless it is said otherwise is said once; of a filter there may be several.
        single |= {each["name"] for each in told if "default" in each.get("schema", ())}
        return cls(frozenset(single), frozenset(each["name"] for each in told) - single)

    def refuse_others(self, query: QueryParams) -> None:
        """Refuse parameters that are none of these, and those given twice that have one value.

        A misspelt filter must not be ignored, nor one of two days that are asked for.
        """
        if not query:
            return
        given = [name for name, _ in query.multi_items()]
        twice = {name for name in self.single & set(given) if given.count(name) > 1}
        wrong = {name: f"Give {name!r} once." for name in twice}
        _refuse(wrong | _unknown(set(given) - self.single - self.others))


async def known_only(request: Request) -> None:
    """Refuse parameters that the route does not have."""
    Names.of(request.scope["route"]).refuse_others(request.query_params)


def unfit_parameters(faults: Iterable[Mapping[str, Any]]) -> InvalidParameter:
    """Return the refusal of parameters, from where each fault is and what it is."""
    told = [{"parameter": str(each["loc"][-1]), "detail": str(each["msg"])} for each in faults]
    detail = "; ".join(f"{each['parameter']}: {each['detail']}" for each in told)
    return InvalidParameter(detail, told)


def none_known(query: bytes) -> None:
    """Refuse parameters of what has none: of commands, which are told by their body alone."""
    _refuse(_unknown({name for name, _ in parse_qsl(query.decode("latin-1"), True)}))


def _unknown(names: Iterable[str]) -> dict[str, str]:
    return {name: f"There is no parameter {name!r} here." for name in names}


def _refuse(wrong: Mapping[str, str]) -> None:
    """Raise `InvalidParameter` if anything is wrong with a parameter, by its name."""
    if wrong:
        faults = [{"parameter": name, "detail": wrong[name]} for name in sorted(wrong)]
        raise InvalidParameter(" ".join(fault["detail"] for fault in faults), faults)


def _flat(dependant: Any) -> list[Any]:
    return [dependant] + [each for below in dependant.dependencies for each in _flat(below)]


TheParts = Annotated[Parts, Depends(parts_of)]

Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]


async def require_told(parts: Parts, parameter: str, position: int) -> None:
    """Refuse a position that the journal has not come to: none such was ever told.

    Raises `InvalidParameter`, naming the parameter.
    """
    if position <= max(parts.journal.appended, parts.visible.position, parts.loaded.position):
        return  # known without asking the database
    if position > (last := (await run_in_threadpool(parts.journal.head)).position):
        raise invalid(parameter, f"The last position is {last}.")


async def _min_position(
    parts: TheParts,
    min_position: Annotated[
        int,
        Query(
            ge=0,
            le=2**53,
            description="wait until everything up to this position can be read, at most 5 seconds; "
            "commands answer with their position, so that their writer reads them back",
        ),
    ] = 0,
) -> int:
    await require_told(parts, "min_position", min_position)
    return min_position


MinPosition = Annotated[int, Depends(_min_position)]

AsOf = Annotated[
    str | None,
    Query(
        max_length=40,
        description="the past as it was known then: an instant with its zone, or a day, meaning "
        "its end in the time zone of the business",
        examples=["2026-03-31", "2026-03-31T17:00:00+08:00"],
    ),
]


async def reach(pulse: Pulse, position: int) -> None:
    """Wait until a position can be read. Raises `NotYet`."""
    if pulse.position >= position:
        return
    async with aside():
        reached = await pulse.reach(position, PATIENCE)
    if not reached:
        raise NotYet(f"Position {position} was not reached within {PATIENCE:.0f} seconds.")


def instant_of(as_of: str, parameter: str = "as_of") -> datetime:
    """Return the instant in the past that a business day (its end) or an instant names.

    Raises `InvalidParameter`.
    """
    now = datetime.now(UTC)
    if as_of == today().isoformat():
        return now
    found = moment_of(as_of, parameter, end_of)
    if found > now + AHEAD:
        raise invalid(parameter, "This is in the future.")
    return found


def moment_of(text: str, parameter: str, of_day: Callable[[date], datetime] = begin_of) -> datetime:
    """Return the moment that an instant with its zone names, or a business day, its `of_day`.

    Raises `InvalidParameter`.
    """
    try:
        if len(text) == 10:
            return of_day(plain_day(text))
        # A plus sign that was not percent-encoded has become a space.
        return plain_moment(text.replace(" ", "+")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(parameter, "Give a day, or an instant with its zone.") from None


def span(from_: str | None, to: str | None) -> tuple[datetime | None, datetime | None]:
    """Return the moments that `from` and `to` name, days or instants, both inclusive.

    Raises `InvalidParameter`, also for an end before the begin.
    """
    since = None if from_ is None else moment_of(from_, "from")
    until = None if to is None else moment_of(to, "to", end_of)
    if since is not None and until is not None and since > until:
        raise invalid("to", "The end is before the begin.")
    return since, until


def invalid(parameter: str, detail: str) -> InvalidParameter:
    """Return the refusal of one parameter's value."""
    return InvalidParameter(f"{parameter}: {detail}", [{"parameter": parameter, "detail": detail}])


@contextmanager
def checked() -> Iterator[None]:
    """Turn what the read models find wrong with a parameter into its refusal."""
    try:
        yield
    except question.FieldMasked as error:
        fault = {"parameter": error.name, "detail": error.detail}
        raise FieldMasked(f"{error.name}: {error.detail}", [fault]) from error
    except BadParameter as error:
        raise invalid(error.name, error.detail) from error


def json_response(content: Any, headers: dict[str, str] | None = None) -> Response:
    """Return plain values, dates, decimals and instants as a JSON response."""
    if type(content) is dict:
        told = content.get("items", content.get("rows"))
        tell(content.get("position"), len(told) if isinstance(told, list) else None)
    body = orjson.dumps(content, default=str, option=JSON)
    return Response(body, media_type="application/json", headers=headers)
