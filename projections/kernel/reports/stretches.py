"""Stretches: of which days a question about figures is, and of which the earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.dimensions import PERIODS
from projections.kernel.reports.periods import Move, span_of, text_of, texts_between
from projections.kernel.reports.spans import spans_named


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is asked: by which dimensions, of which rows, of which days, as known when."""

    by: Sequence[str]
    where: Mapping[str, Sequence[str]]
    first: date | None
    last: date | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days that a question is of, by the periods that it names."""

    question: Question
    day: date

    @property
    def unit(self) -> str | None:
        """The shortest period that it groups by."""
        return next((each for each in PERIODS if each in self.question.by), None)

    @property
    def grain(self) -> str | None:
        """The shortest period that it speaks of at all."""
        asked = self.question
        return next((each for each in PERIODS if each in asked.by or each in asked.where), None)

    @property
    def filtered(self) -> list[str] | None:
        """The periods of that length that its filters let through; `None` without such filters."""
        found: set[str] | None = None
        for name in PERIODS:
            if name in self.question.where:
                spans = spans_named(name, self.question.where[name])
                texts = {t for span in spans for t in texts_between(str(self.grain), *span)}
                found = texts if found is None else found & texts
        return None if found is None else sorted(found)

    def year_ago(self) -> Move:
        """Return the way to the same days a year before."""
        if self.grain is None and self.question.first is None and self.question.last is None:
            raise _no_period("year-ago")
        return Move(months=-12)

    def previous(self) -> Move:
        """Return the way to the stretch just before: of whole months if it is, else of days."""
        first, last, texts = self.question.first, self.question.last, self.filtered
        if self.unit:
            return Move.over(self.unit, -1)
        if texts:
            spans = [span_of(str(self.grain), text) for text in texts]
            if any(one[1] + timedelta(days=1) != next_[0] for one, next_ in pairwise(spans)):
                detail = "what is before periods that do not follow one another is not clear"
                raise BadParameter("compare", detail)
            return Move.over(str(self.grain), -len(texts))
        if first is None or last is None:
            raise _no_period("previous")
        after = last + timedelta(days=1)
        if first.day == after.day == 1:
            return Move(months=(first.year - after.year) * 12 + first.month - after.month)
        return Move(days=(first - after).days)

    def until_today(self) -> Question:
        """Return the question of no day after the one that is asked about."""
        asked = self.question
        if asked.first and asked.first > self.day:
            return asked
        return replace(asked, last=min(asked.last or self.day, self.day))

    def moved(self, move: Move, to_date: bool) -> Iterator[Question]:
        """Yield the questions for what is compared: one more for the period that is cut."""
        asked, texts = self.question, self.filtered
        first = asked.first and move.day(asked.first)
        last = asked.last and move.end(asked.last)
        running = to_date and self.until_today() != asked
        cut = move.day(self.day)
        if running and self.unit:
            begin = move.day(span_of(self.unit, text_of(self.unit, self.day))[0])
            yield self._at(move, texts, max(first or begin, begin), min(last or cut, cut))
            before = begin - timedelta(days=1)
            if first is None or first <= before:
                yield self._at(move, texts, first, min(last or before, before))
        else:
            yield self._at(move, texts, first, min(last or cut, cut) if running else last)

    def _at(
        self, move: Move, texts: Sequence[str] | None, first: date | None, last: date | None
    ) -> Question:
        where = {k: v for k, v in self.question.where.items() if k not in PERIODS}
        if texts is not None and self.grain:
            where[self.grain] = list(dict.fromkeys(move.text(self.grain, each) for each in texts))
        return replace(self.question, where=where, first=first, last=last)

    def latest(self, there: Iterable[str]) -> str:
        """Return the last period to compare: of those there are, of a question without an end."""
        unit = str(self.unit)
        if self.question.last or self.filtered is not None:
            return text_of(unit, date.max)
        return max([text_of(unit, self.day), *there])

    def named(self, text: str) -> dict[str, str]:
        """Return the periods that a row of the shortest one is of."""
        begin = span_of(str(self.unit), text)[0]
        return {each: text_of(each, begin) for each in PERIODS if each in self.question.by}

    def periods(self, there: Sequence[str], most: int) -> list[str]:
        """Return all periods of the question, as far as it bounds them, else of its rows.

        Those of more than `most` are not all there.
        """
        unit, asked = str(self.unit), self.question
        spans = [span_of(str(self.grain), each) for each in self.filtered or ()]
        spans += [span_of(unit, each) for each in there]
        if self.filtered is None:
            begins = [asked.first] if asked.first else [span[0] for span in spans]
            ends = [asked.last] if asked.last else [self.day, *(span[1] for span in spans)]
            if not begins or max(ends) < min(begins):
                return []
            spans = [(min(begins), max(ends))]
        found = set[str]()
        for text in (text for span in spans for text in texts_between(unit, *span)):
            found.add(text)
            if len(found) > most:
                break
        return sorted(found)


def _no_period(name: str) -> BadParameter:
    detail = f"{name} needs a period: from and to, a filter by one, or one among `by`"
    return BadParameter("compare", detail)
