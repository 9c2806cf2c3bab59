"""Answers of reports: figures, the records behind them, and what there is to ask for."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from api.document.answers import Link, Masked, Next, Uuid

Figure = str | int | float | None
"""A value of a report: amounts are decimals in a text."""


@with_config(ConfigDict(extra="allow"))
class FigureRow(TypedDict):
    """A row of a report: the values of its dimensions and measures by name."""

    explain: Annotated[Link, Field(description="the records behind the row, as they were then")]


_OF_PERIOD = Field(description="of which period the figures are, where they are of one always")
_PARTIAL = Field(description="periods that have not ended by the day that the figures are of")
_LATE = "what was recorded since: all that makes a difference to the figures that were known"
_LEFT_OUT = "measures of these classes were left out, as they are masked for you in some records"
_NARROWED = "only records that show these classes of fields count"

Figures = TypedDict(
    "Figures",
    {
        "columns": list[str],
        "rows": list[FigureRow],
        "position": Annotated[int, Field(description="the figures are true as of here")],
        "from": NotRequired[Annotated[date, _OF_PERIOD]],
        "to": NotRequired[Annotated[date, _OF_PERIOD]],
        "partial": NotRequired[Annotated[list[str], _PARTIAL]],
        "late_entries": NotRequired[Annotated[Link, Field(description=_LATE)]],
        "masked": NotRequired[Annotated[list[str], Field(description=_LEFT_OUT)]],
        "narrowed": NotRequired[Annotated[list[str], Field(description=_NARROWED)]],
    },
)
"""The figures of a report."""


@with_config(ConfigDict(extra="allow"))
class StatisticsRow(TypedDict):
    """A row of figures of several reports: the values of its dimensions and measures by name."""

    explain: Annotated[
        NotRequired[dict[str, Link]],
        Field(description="by report, the records behind the row, as they were then"),
    ]
    total_over: NotRequired[
        Annotated[str | None, Field(description="the dimensions that it is the total over")]
    ]


Statistics = TypedDict(
    "Statistics",
    {
        "columns": list[str],
        "rows": list[StatisticsRow],
        "position": Annotated[int, Field(description="the figures are true as of here")],
        "from": NotRequired[Annotated[date, _OF_PERIOD]],
        "to": NotRequired[Annotated[date, _OF_PERIOD]],
        "partial": NotRequired[Annotated[list[str], _PARTIAL]],
        "late_entries": NotRequired[Annotated[Link, Field(description=_LATE)]],
        "masked": NotRequired[Annotated[list[str], Field(description=_LEFT_OUT)]],
        "narrowed": NotRequired[Annotated[list[str], Field(description=_NARROWED)]],
    },
)
"""The figures of several reports side by side."""


_BECAUSE = Field(description="why there is nothing")
_ONLY = Field(description=_NARROWED)


class AnalysisDescription(TypedDict):
    """An analysis: what it tells of any measure that adds up."""

    name: str
    title: str
    zh: Annotated[str, Field(description="the title in Chinese")]
    definition: str


class Analyses(TypedDict):
    """Every analysis."""

    items: list[AnalysisDescription]


class Analysis(TypedDict):
    """The rows of an analysis."""

    columns: list[str]
    rows: list[dict[str, Any]]
    position: Annotated[int, Field(description="it is true as of here")]
    because: NotRequired[Annotated[str, _BECAUSE]]
    narrowed: NotRequired[Annotated[list[str], _ONLY]]


class Records(TypedDict):
    """The records that an analysis is made of, each with its rank and share."""

    columns: list[str]
    rows: list[FigureRow]
    position: Annotated[int, Field(description="it is true as of here")]
    because: NotRequired[Annotated[str, _BECAUSE]]
    narrowed: NotRequired[Annotated[list[str], _ONLY]]


class LinkedRecord(TypedDict):
    """A record as it was, and its events up to then."""

    id: Uuid
    title: Annotated[str | None, Field(description="what it is called; null out of sight")]
    record: Link
    history: Link


class Contribution(LinkedRecord):
    """A record behind a figure: the day on which it counts, and what it gives to each measure."""

    on: date | None
    behind: list[LinkedRecord]
    contributions: dict[str, Any]


class Formula(TypedDict):
    """How a measure comes from the totals of what the records give."""

    measure: str
    figure: Figure
    formula: Annotated[str, Field(description="as SQL has it, over the totals")]
    totals: dict[str, Any]


class RecordsBehind(TypedDict):
    """A page of the records behind a figure."""

    items: list[Contribution]
    next: Next
    position: Annotated[int, Field(description="the figures are true as of here")]
    figures: list[Formula]
    masked: NotRequired[Masked]
    narrowed: NotRequired[Annotated[list[str], Field(description=_NARROWED)]]


_ZH = Field(description="the title in Chinese")
_UNIT = Field(description="`CNY` stands for the currency of the row")
_KIND = Field(description="happens in a period, is so on a day, or is made of totals as asked by")
_REPORTS = Field(description="the reports that have it")


class Dimension(TypedDict):
    """What a report can be grouped and filtered by."""

    name: str
    title: str
    zh: Annotated[str, _ZH]
    definition: Annotated[str, Field(description="the title with what there is to say of it")]
    values: NotRequired[list[str]]


class Measure(TypedDict):
    """What a report counts or sums, in words."""

    name: str
    title: str
    zh: Annotated[str, _ZH]
    definition: str
    unit: Annotated[Literal["CNY", "count", "share", "hours", "days", "points"], _UNIT]
    kind: Annotated[Literal["flow", "stock", "ratio"], _KIND]
    better: Annotated[Literal["up", "down"] | None, Field(description="whether more of it is")]
    formula: Annotated[str, Field(description="how it comes from totals of the records")]


class ReportDescription(TypedDict):
    """A report: by which day its periods go, what it can be asked by and for."""

    name: str
    title: str
    zh: Annotated[str, _ZH]
    period: str
    dimensions: list[Dimension]
    measures: list[Measure]


class Reports(TypedDict):
    """Every report."""

    items: list[ReportDescription]


class Metric(Measure):
    """A measure by its name among those of all reports."""

    measure: Annotated[str, Field(description="its name in its report")]
    dimensions: list[str]
    reports: Annotated[list[str], _REPORTS]


class Measures(TypedDict):
    """The measures of all reports."""

    items: list[Metric]


class SharedDimension(Dimension):
    """A dimension that is the same in several reports, or that one has."""

    records: Annotated[str | None, Field(description="the list of records that it groups by")]
    reports: Annotated[list[str], _REPORTS]


class Dimensions(TypedDict):
    """The dimensions of all reports."""

    items: list[SharedDimension]
