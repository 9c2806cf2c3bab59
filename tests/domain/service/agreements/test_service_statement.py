"""Statements: counted once a period is over, stated once, restated for a reason, answered."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NotDue, NothingChanged
from domain.kernel.time.business_day import begin_of, today
from domain.service.agreements.periods import Period
from domain.service.agreements.service_statement import (
    AFTERWARDS,
    ClauseResult,
    NothingCounted,
    PeriodRunning,
    PeriodStated,
    ServiceStatement,
    StatementRequired,
    StatementState,
)
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated
from tests.domain.service.agreements.agreed import approved

FEBRUARY = {"first_day": date(2026, 2, 1), "last_day": date(2026, 2, 28)}
FAULTS: dict[str, Any] = {"clause": "faults", "version": 1, "measure": "resolution", **FEBRUARY}


def result(kept: int, cases: int) -> ClauseResult:
    """Return that so many of some cases were kept."""
    percent = f"{100 * kept / cases:.4f}"
    counts: dict[str, Any] = {"cases": cases, "kept": kept, "left_out": 0}
    lost = {"promised_seconds": 0, "lost_seconds": 0, "share": f"{kept}/{cases}"}
    kept_to = {"attained_percent": percent, "required_percent": "95", "met": kept == cases}
    told = FAULTS | counts | lost | kept_to | {"credit_percent": "0"}
    return ClauseResult.model_validate(told, strict=False)


def begun(period: str = "2026-02", counted: frozenset[str] | None = None) -> ServiceStatement:
    """Return a statement of an agreement that counts by months."""
    of = approved().counted if counted is None else counted
    return ServiceStatement.begin(IDS[1], period, of, IDS[0], "gd-gz")


def counted_once() -> ServiceStatement:
    """Return one that was stated."""
    statement = begun()
    statement.fall_due(begin_of(date(2026, 3, 8)))
    statement.state_result(10, [result(18, 20)])
    return statement


def test_a_period_is_one_by_which_the_agreement_counts() -> None:
    assert last(begun())["count_on"] == "2026-03-08"
    with pytest.raises(NothingCounted):
        begun("2026-Q1", frozenset({"month"}))


def test_a_period_of_an_agreement_has_one_statement() -> None:
    assert begun().claims == {PeriodStated: (IDS[1], "2026-02")}


def test_it_is_counted_a_week_after_it_is_over_and_not_before_its_end() -> None:
    statement = begun()
    due = begin_of(date(2026, 3, 1) + AFTERWARDS)
    with pytest.raises(NotDue):
        statement.fall_due(due + timedelta(days=1))
    statement.fall_due(due)
    with pytest.raises(NotDue):
        statement.fall_due(due)
    running = begun(Period.of(Period.named("2026-02").kind, today()).name)
    with pytest.raises(PeriodRunning):
        running.count()


def test_what_was_stated_is_restated_for_a_reason_where_it_is_something_else() -> None:
    statement = counted_once()
    assert statement.state is StatementState.STATED
    with pytest.raises(NothingChanged):
        statement.state_result(11, [result(19, 20)])
    with pytest.raises(PeriodStated):
        statement.count()
    statement.count("An outage was corrected")
    statement.state_result(12, [result(18, 20)])
    assert stated(statement)[-1] == "confirmed"
    statement.accept("Mr Li", "P-1")
    statement.state_result(13, [result(19, 20)])
    told = last(statement)
    assert (told["reason"], told["counted_to"]) == ("An outage was corrected", 13)
    assert statement.state is StatementState.STATED
    assert statement.clauses == [result(19, 20)]


def test_only_what_was_stated_is_accepted_and_what_is_accepted_is_not_contested() -> None:
    with pytest.raises(StatementRequired):
        begun().accept("Mr Li")
    statement = counted_once()
    statement.contest("Two tickets are missing")
    assert statement.state is StatementState.CONTESTED
    statement.accept("Mr Li")
    with pytest.raises(StatementRequired):
        statement.contest("Two more")


@settings(deadline=None)
@given(plays(ServiceStatement))
def test_any_commands_are_refused_by_declared_rules_or_told_again_alike(
    told: tuple[int, list[Step]],
) -> None:
    play(ServiceStatement, *told)
