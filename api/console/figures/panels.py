"""Panels: the figures of a report crossed two ways, each measure by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Part(NamedTuple):
    """An answer of the API: its rows, and the dimensions by which they are."""

    rows: Sequence[Row]
    by: Sequence[str]


class Heading(NamedTuple):
    """What a row or a column of a panel is called; they stand in the order of their ranks."""

    rank: tuple[Any, ...]
    title: str


class Figure(NamedTuple):
    """A figure as the API gives it, and the link to the records behind it."""

    value: Any
    explain: str


class Panel(NamedTuple):
    """A measure by one dimension, and by the others: what is a table, and drawn as a plot."""

    measure: Mapping[str, str]
    currency: str
    head: str
    columns: list[str]
    rows: list[tuple[str, list[Figure | None]]]


def crossed(
    report: Mapping[str, Any],
    parts: Sequence[Part],
    measures: Iterable[str],
    compared: Mapping[str, str],
    total: str,
    *,
    sort: bool = True,
) -> list[Panel]:
    """Return a panel of each measure, in each currency unless that is one of the dimensions.

    Args:
        report: As `GET /reports` describes it.
        parts: The answers, by all dimensions the first. Those by fewer of them are the totals:
            nobody adds these up here, as most figures must not be added.
        measures: Those to tell of.
        compared: What stands beside each of their figures: comparisons, and what they are called.
        total: What totals are called.
        sort: Whether rows stand in the order of the dimension, or as they come.
    """
    by = parts[0].by
    dimensions = {each["name"]: each for each in report["dimensions"]}
    orders = {name: list(dimensions[name].get("values", ())) for name in by}

    def heading(names: Sequence[str], part: Part, row: Row) -> Heading:
        if not {*names} <= {*part.by}:
            return Heading(((True,),), total)
        ranks, titles = list[Any](), list[str]()
        for name in names:
            value = row[name]
            plain = dimensions[name].get("called", {}).get(value, "—" if value is None else value)
            title = str(row.get(f"{name}_name") or plain)
            place = orders[name].index(value) if value in orders[name] else len(orders[name])
            ranks.append((False, value is None, place, title, value or ""))
            titles.append(title)
        return Heading(tuple(ranks), " · ".join(titles))

    cells: dict[str, dict[Heading, dict[Heading, Row]]] = {}
    for part in parts:
        for row in part.rows:
            money = "" if "currency" in by else row.get("currency") or ""
            down, across = (heading(names, part, row) for names in (by[:1], by[1:]))
            cells.setdefault(money, {}).setdefault(down, {})[across] = row
    beside = {"": "", **compared}
    found = []
    for measure in (each for each in report["measures"] if each["name"] in {*measures}):
        for money, lines in sorted(cells.items()):
            headings = sorted({each for line in lines.values() for each in line})
            columns = [(each, name) for each in headings for name in beside]
            titles = [" · ".join(filter(None, (a.title, beside[name]))) for a, name in columns]
            rows = [
                (down.title, [_figure(lines[down].get(a), measure["name"], b) for a, b in columns])
                for down in (sorted(lines) if sort else lines)
            ]
            head = dimensions[by[0]]["title"] if by else ""
            amounts = any(isinstance(each and each.value, str) for _, line in rows for each in line)
            currency = money if amounts or len(cells) > 1 else ""
            found.append(Panel(measure, currency, head, titles, rows))
    return found


def cumulated(panel: Panel, whole: Iterable[Row], title: str) -> Panel:
    """Return a panel of figures that add up, with the share of the whole that each goes up to.

    Args:
        panel: Its rows are in the order in which they are added.
        whole: The rows of the whole, one a currency.
        title: What the shares are called.
    """
    name, sum_, lines = panel.measure["name"], Decimal(), list[tuple[str, list[Figure | None]]]()
    of = next((r[name] for r in whole if panel.currency in ("", r.get("currency"))), None)
    for called, (figure, *_) in panel.rows:
        sum_ += Decimal(figure.value or 0) if figure else 0
        share = Figure(round(float(sum_ / Decimal(of)), 4), "") if of and Decimal(of) else None
        lines.append((called, [figure, share]))
    return panel._replace(columns=["", title], rows=lines)


def _figure(row: Row | None, measure: str, compared: str) -> Figure | None:
    """Return a figure of a row, or what it is compared with."""
    if row is None:
        return None
    suffix = f"_{compared}" if compared else ""
    return Figure(row[measure + suffix], row.get(f"explain{suffix}", ""))
