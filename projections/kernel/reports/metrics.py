"""Metrics: the measures and dimensions of all reports, by what they are asked for side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.dimensions import CURRENCY, Dimension
from projections.kernel.reports.measures import Measure
from projections.kernel.reports.ratios import Ratio, ratios
from projections.kernel.reports.report import Report, reports


class Metric(NamedTuple):
    """A measure of a report, by its name among those of all."""

    name: str
    report: Report
    measure: Measure

    def describe(self) -> dict[str, Any]:
        """Return what there is to know of it, as JSON values."""
        return {
            **self.measure.describe(),
            "name": self.name,
            "measure": self.measure.name,
            "dimensions": [each.name for each in self.report.angles()],
            "reports": [self.report.name],
        }


@cache
def metrics() -> Mapping[str, Metric]:
    """Return every measure by its name: as it is known, else with that of its report before it."""
    every = (
        Metric(measure.known_as or f"{report.name}.{measure.name}", report, measure)
        for report in reports().values()
        for measure in report.measures
    )
    return {each.name: each for each in every}


def metric(name: str) -> Metric:
    """Return a measure by its name, or by that in its report where no other has it.

    Raises `BadParameter` for one that there is not, that several reports have, or that is made of
    several.
    """
    if name in ratios():
        detail = f"{name} is a ratio of several reports: ask for it among those of GET /statistics"
        raise BadParameter("measures", detail)
    own = [
        each
        for each in metrics().values()
        if name in (each.name, each.measure.name, f"{each.report.name}.{each.measure.name}")
    ]
    found = [each for each in own if name != each.measure.name] or own
    if len(found) == 1:
        return found[0]._replace(name=name)
    if not found:
        detail = f"there is no measure {name[:100]!r}; GET /measures has all"
        raise BadParameter("measures", detail)
    names = " or ".join(each.name for each in found)
    raise BadParameter("measures", f"{name!r} is of several reports: say {names}")


def parts(ratio: Ratio) -> tuple[Metric, Metric]:
    """Return the measure above, and that below."""
    return metric(ratio.above), metric(ratio.below)


def described() -> list[dict[str, Any]]:
    """Return all measures and ratios as JSON values."""
    return [each.describe() for each in metrics().values()] + [
        _of_several(each) for each in ratios().values()
    ]


def _of_several(ratio: Ratio) -> dict[str, Any]:
    above, below = parts(ratio)
    same = {each.same for each in below.report.angles()}
    return {
        "name": ratio.name,
        "title": ratio.title,
        "zh": ratio.zh,
        "definition": ratio.definition,
        "unit": ratio.unit,
        "kind": "ratio",
        "better": ratio.better or None,
        "formula": ratio.formula,
        "measure": ratio.name,
        "dimensions": [
            each.name
            for each in above.report.angles()
            if each.same in same or each.name in (*ratio.over, CURRENCY.name)
        ],
        "reports": list(dict.fromkeys((above.report.name, below.report.name))),
    }


def dimensions() -> list[dict[str, Any]]:
    """Return every dimension as JSON values: those that are the same in several reports once."""
    found = defaultdict[tuple[Any, ...], dict[str, Dimension]](dict)
    for report in reports().values():
        for each in report.angles():
            found[each.same][report.name] = each
    return [_described(of) for _, of in sorted(found.items(), key=lambda pair: pair[0][0])]


def _described(of: Mapping[str, Dimension]) -> dict[str, Any]:
    each = next(iter(of.values()))
    definitions = {other.full for other in of.values()}
    definition = each.full if len(definitions) == 1 else each.title
    return {
        **each.describe(),
        "definition": definition,
        "records": each.of or None,
        "reports": [*of],
    }


def glossary() -> str:
    """Return all measures and dimensions as a page in Markdown."""
    lines = [
        "# Measures and dimensions",
        "",
        "Made by `keyline glossary > projections/glossary.md`; `GET /measures` and `/dimensions`",
        "tell the same. A **flow** happens in a period, a **stock** is so on a day, a **ratio** is",
        "made of totals at whatever it is asked by.",
        "",
    ]
    for report in reports().values():
        lines += [f"## {report.title} · {report.zh}", "", f"`{report.name}`, by {report.period}."]
        lines += [
            "",
            "| measure | 指标 | definition | kind | unit |",
            "| --- | --- | --- | --- | --- |",
        ]
        own = (each for each in metrics().values() if each.report is report)
        for name, _, measure in own:
            told = measure.describe()
            lines.append(
                f"| `{name}` {told['title']} | {told['zh']} | {told['definition']} "
                f"| {told['kind']} | {told['unit']} |"
            )
        lines.append("")
    lines += [
        "## Ratios of several reports · 跨报表比率",
        "",
        "Asked of `GET /statistics`: each of the two is added up in its own report, then divided.",
        "",
        "| ratio | 指标 | definition | formula | unit |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{each.name}` {each.title} | {each.zh} | {each.definition} | `{each.formula}` "
        f"| {each.unit} |"
        for each in ratios().values()
    ]
    lines.append("")
    lines += [
        "## Dimensions · 分析角度",
        "",
        "| dimension | 角度 | reports |",
        "| --- | --- | --- |",
    ]
    for each in dimensions():
        of = "all" if len(each["reports"]) == len(reports()) else ", ".join(each["reports"])
        lines.append(f"| `{each['name']}` {each['definition']} | {each['zh']} | {of} |")
    return "\n".join(lines) + "\n"
