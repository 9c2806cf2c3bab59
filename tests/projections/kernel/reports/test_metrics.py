"""Measures and dimensions of all reports: each defined once, named in two languages."""

import pytest

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.dimensions import Dimension
from projections.kernel.reports.measures import Measure
from projections.kernel.reports.metrics import (
    described,
    dimensions,
    glossary,
    metric,
    metrics,
    parts,
)
from projections.kernel.reports.ratios import ratios
from projections.kernel.reports.report import Report, reports


def test_everything_has_a_title_in_chinese_and_what_adds_up_is_no_ratio() -> None:
    for report in reports().values():
        named: list[Report | Dimension | Measure] = [report, *report.angles(), *report.measures]
        assert [each.name for each in named if not each.zh.strip()] == [], report.name
        for each in report.measures:
            assert not (each.single and each.kind == "ratio"), f"{report.name}.{each.name}"
            assert each.describe()["unit"] != "CNY" or each.money, f"{report.name}.{each.name}"
            assert each.kind != "stock" or report.spanning, f"{report.name}.{each.name}"


def test_no_two_measures_are_known_by_one_name() -> None:
    assert len(metrics()) == sum(len(each.measures) for each in reports().values())
    for name, each in metrics().items():
        assert metric(name).measure is each.measure
        assert metric(f"{each.report.name}.{each.measure.name}").measure is each.measure


def test_what_is_the_same_in_several_reports_is_called_the_same() -> None:
    titles = dict[object, set[tuple[str, str]]]()
    for report in reports().values():
        for each in report.angles():
            if each.of or each.values or each.order or each.form:
                titles.setdefault(each.same, set()).add((each.title, each.zh))
    assert {key: told for key, told in titles.items() if len(told) > 1} == {}
    assert len(dimensions()) >= len(titles)


def test_a_ratio_is_of_two_measures_and_says_over_what_one_of_them_is_taken() -> None:
    told = {each["name"]: each for each in described()}
    for name, ratio in ratios().items():
        above, below = parts(ratio)
        assert name not in metrics()
        assert all(told[name][each] for each in ("title", "zh", "definition"))
        assert ratio.money == above.measure.money == (ratio.unit == "CNY")
        has = [{each.name for each in of.report.angles()} for of in (above, below)]
        assert {*ratio.over} <= has[0] - has[1], name
        assert {*told[name]["dimensions"]} <= has[0], name
        assert f"`{name}`" in glossary()
        with pytest.raises(BadParameter, match="ratio of several"):
            metric(name)
    assert told["arpa"]["reports"] == ["revenue", "customer-months"]
    assert told["arpa"]["formula"] == "billed_revenue / customer_months"
    assert "product" in told["penetration"]["dimensions"]
    assert "product" not in told["arpa"]["dimensions"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("weather", "no measure"), ("won", "stages.won"), ("sales.weather", "no measure")],
)
def test_a_name_of_none_or_of_several_is_refused_with_the_ways_out(name: str, told: str) -> None:
    with pytest.raises(BadParameter) as refused:
        metric(name)
    assert told in str(refused.value.detail)


def test_a_name_that_one_report_has_needs_no_report() -> None:
    assert metric("win_rate").report.name == "sales"
    assert metric("opened").measure.known_as == "tickets"
