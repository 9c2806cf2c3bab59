"""Spans: the periods of which a report tells how things stood at their ends, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.dimensions import PERIODS
from projections.kernel.reports.periods import Span, cut, end_of, span_of, text_of

EVER: tuple[Span, ...] = ((date.min, date.max),)
"""One span with every day."""

MOST = 400
"""Spans that may be asked for at once."""


def spans(
    by: Sequence[str],
    where: Mapping[str, Sequence[str]],
    first: date | None,
    last: date | None,
    day: date,
    of: str | None = None,
) -> tuple[Span, ...]:
    """Return the spans from a first day to a last one: by the shortest of the periods asked for.

    Without these days they are those that the filters name, as far as they have passed by `day`,
    else the year of the last day up to that. Raises `BadParameter` for too many of them, and where
    figures of several would be added. With `of`, a period, there is one for each of these, and
    their figures are added, whatever is asked for.
    """
    shortest = of or next((each for each in PERIODS if each in by or each in where), None)
    if shortest and not of and shortest not in by and len(set(where[shortest])) > 1:
        detail = f"what stands at the ends of several is not added: group by {shortest}"
        raise BadParameter(shortest, detail)
    named = [list(spans_named(each, where[each])) for each in PERIODS if each in where]
    for periods in filter(None, named):
        begin, end = min(periods)[0], max(periods)[1]
        first = first or begin
        last = last or (min(end, day) if begin <= day else end)
    if last is None:
        last = day if first is None or first <= day else date(first.year, 12, 31)
    first = first or date(last.year, 1, 1)
    found = list[Span]()
    for each in cut(shortest, first, max(first, last)):
        if len(found) == MOST:
            raise BadParameter("from", f"at most {MOST} periods at once")
        found.append(each)
    return tuple(found)


def partial(by: Sequence[str], found: Sequence[Span]) -> tuple[str, ...]:
    """Return the shortest periods asked for of which a span ends before they do."""
    shortest = next((each for each in PERIODS if each in by), None)
    if shortest is None:
        return ()
    ends = {text_of(shortest, last): last for _, last in found}
    return tuple(text for text, last in ends.items() if last < end_of(shortest, last))


def spans_named(period: str, texts: Sequence[str]) -> Iterator[Span]:
    """Yield the periods that texts name; what names none is refused by who reads the filter."""
    for text in texts:
        with suppress(ValueError, OverflowError):
            yield span_of(period, text)
