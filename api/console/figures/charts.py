"""Charts: reports that people look at often, each asked and drawn in its way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from api.console.figures.explorer import Explored, descriptions, explored, year_so_far
from api.console.figures.figures import COLUMNS, ROWS, figure, inside
from api.console.view import HOME, Refused, View, page_at
from api.kernel.problems import NotFound

router = APIRouter(include_in_schema=False)


class Chart(NamedTuple):
    """What is asked of a report, how it is drawn, and what it is compared with."""

    report: str
    by: str
    measure: str
    look: str
    compare: str = ""
    so_far: bool = False
    """Whether it is of the year until the day of the page, else of all days."""


CHARTS: Mapping[str, tuple[Chart, ...]] = {
    "sales": (
        Chart("pipeline", "stage", "amount", "bar"),
        Chart("stages", "stage", "entered", "funnel"),
        Chart("sales", "month", "won_amount", "bar", compare="year-ago", so_far=True),
        Chart("sales", "month", "win_rate", "line", compare="year-ago", so_far=True),
        Chart("pipeline", "customer", "amount", "pareto"),
        Chart("sales", "customer", "won_amount", "pareto", so_far=True),
    ),
    "service": (
        Chart("tickets", "kind", "opened", "bar"),
        Chart("tickets", "kind", "median_hours", "bar"),
        Chart("tickets", "month", "opened", "line", compare="year-ago", so_far=True),
        Chart("tickets", "severity", "p90_hours", "bar"),
    ),
    "marketing": (
        Chart("campaigns", "campaign", "response_rate", "funnel", so_far=True),
        Chart("campaigns", "campaign", "roi", "funnel", so_far=True),
    ),
    "contracts": (
        Chart("contracts", "month", "monthly_fee", "line", compare="year-ago", so_far=True),
        Chart("contracts", "status", "value", "bar"),
    ),
}
"""The charts of each subject."""


class Drawn(NamedTuple):
    """A chart of a page: the report, its address there, and its figures, or why there are none."""

    title: str
    href: str
    look: str
    shown: Explored | None
    refused: Mapping[str, Any]


@page_at(router, f"{HOME}/charts")
@page_at(router, f"{HOME}/charts/{{subject}}")
async def charts(view: View) -> Response:
    """Show the charts of a subject, by default the first."""
    subject = view.request.path_params.get("subject", next(iter(CHARTS)))
    if subject not in CHARTS:
        raise NotFound(f"There are no charts of {subject!r}.")
    reports = {each["name"]: each for each in await descriptions(view)}
    return await view.show(
        "charts.html",
        title=view.words(subject),
        subject=subject,
        subjects=[*CHARTS],
        charts=[await _drawn(view, reports[each.report], each) for each in CHARTS[subject]],
        most=(ROWS, COLUMNS),
        figure=figure,
        inside=partial(inside, view),
    )


async def _drawn(view: View, report: Mapping[str, Any], chart: Chart) -> Drawn:
    asked = {"by": chart.by, "measures": chart.measure}
    if chart.so_far:
        asked |= year_so_far(view)
    if chart.compare:
        asked["compare"] = chart.compare
    href = f"{HOME}/reports/{chart.report}?{urlencode({**asked, 'look': chart.look})}"
    try:
        shown = await explored(view, report, asked, chart.look)
    except Refused as refused:
        if refused.answered.status != 403:
            raise
        return Drawn(report["title"], href, chart.look, None, refused.answered.content or {})
    return Drawn(report["title"], href, chart.look, shown, {})
