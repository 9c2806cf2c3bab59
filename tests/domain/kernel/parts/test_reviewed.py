"""Reviewed: a draft is submitted, and approved as far as the authority of a level goes."""

import copy
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import Aggregate, Misdeclared, begins, discover, to_stored
from domain.kernel.commands import Command, _declared, every_command
from domain.kernel.parts.reviewed import (
    AuthorityExhausted,
    DecisionOpenRequired,
    DraftRequired,
    NotYourLevel,
    Reviewed,
    next_level,
    route_of,
)
from domain.kernel.registry import Registry
from domain.kernel.rule_book import _chapter
from domain.kernel.time.effective_day import STATED
from domain.kernel.types.authority import Level, Limit, Seat, Step
from domain.kernel.types.decided import deciding
from domain.permissions.authority_limits import decide
from tests.domain.kernel.parts.paper import ByValue, Paper, Status, papers
from tests.domain.play import SEATS, last, stated


def paper(value: str) -> Any:
    return Paper.draft("gd-gz", Decimal(value), "CNY")


def submit(record: Any) -> None:
    facts = {"value": record.value, "currency": record.currency}
    record.submit(SEATS, decide("contract-value", facts))


def levels(record: Any) -> list[str]:
    return [each.level for each in record.route]


def commands_of(aggregate: type[Any]) -> dict[str, Command]:
    return {each.verb: each for each in _declared(aggregate)}


def test_it_goes_up_to_the_level_whose_authority_is_enough() -> None:
    record = paper("500000.01")
    submit(record)
    assert last(record) == {
        "route": [
            {"level": "network", "unit": "gd-gz", "limit": "500000"},
            {"level": "province", "unit": "gd", "limit": "5000000"},
        ],
        "rule": "contract-value",
        "rule_version": 1,
        "note": None,
    }
    assert (record.status, record.reached) == (Status.SUBMITTED, Level.NETWORK)
    record.approve(Level.NETWORK, "good")
    assert last(record) == {
        "level": "network",
        "to": "province",
        "reason": "value-beyond-authority",
        "note": "good",
    }
    with pytest.raises(NotYourLevel) as refusal:
        record.approve(Level.NETWORK)
    assert refusal.value.hint == "It has reached the level province."
    record.approve(Level.PROVINCE)
    assert last(record) == {"level": "province", "note": None}
    assert record.status is Status.APPROVED
    assert stated(record) == ["drafted", "submitted", "passed-on", "approved"]
    assert to_stored(record.unrecorded[-1]).type == "paper.approved"


def test_a_higher_level_approves_for_those_below() -> None:
    for highest in (Level.PROVINCE, Level.GROUP):
        record = paper("600000")
        submit(record)
        record.approve(highest)
        assert (record.status, last(record)["level"]) == (Status.APPROVED, highest)


def test_who_may_nowhere_above_it_approves_nothing() -> None:
    record = paper("1")
    submit(record)
    for none in (None, Level.OWN):
        with pytest.raises(NotYourLevel):
            record.approve(none)


def test_what_is_within_its_authors_authority_is_approved_by_its_submission() -> None:
    record = paper("0")
    submit(record)
    assert stated(record)[1:] == ["submitted", "approved"]
    assert (record.status, levels(record), last(record)["level"]) == (Status.APPROVED, [], "own")


def test_what_no_level_is_enough_for_is_not_submitted() -> None:
    limits = [Limit(level, Decimal(1), False) for level in Level]
    with pytest.raises(AuthorityExhausted):
        route_of(SEATS, limits)
    with pytest.raises(AuthorityExhausted):  # it is nowhere below anybody
        route_of([], decide("contract-value", {"value": Decimal(1)}).outcome)


def test_a_level_that_is_not_above_the_record_is_passed_over() -> None:
    limits = decide("contract-value", {"value": Decimal(5), "currency": "CNY"}).outcome
    assert [each.unit for each in route_of([Seat(Level.GROUP, "group")], limits)] == ["group"]
    assert [each.unit for each in route_of(SEATS[2:], limits)] == ["gd"]


def test_what_was_sent_back_or_taken_back_is_a_draft_again() -> None:
    record = paper("600000")
    for back in (lambda: record.send_back("too dear"), record.take_back):
        with pytest.raises(DecisionOpenRequired):
            back()
        submit(record)
        with pytest.raises(DraftRequired):
            submit(record)
        with pytest.raises(DraftRequired):
            record.revise(Decimal(1))
        record.approve(Level.NETWORK)
        back()
        assert record.status is Status.DRAFTED
    submit(record)
    assert record.reached is Level.NETWORK  # from the beginning
    record.approve(Level.GROUP)
    for decided in (record.take_back, lambda: record.approve(Level.GROUP)):
        with pytest.raises(DecisionOpenRequired):
            decided()


@given(
    st.lists(st.decimals(0, 100, places=0), min_size=3, max_size=3).map(sorted),
    st.decimals(0, 120, places=0),
    st.lists(st.sampled_from(Level), max_size=8),
)
def test_nothing_is_approved_below_the_level_whose_limit_it_keeps_to(
    limits: list[Decimal], value: Decimal, hands: list[Level]
) -> None:
    table = dict(zip(Level, [*limits, None], strict=True))
    known = [Limit(each, most, most is None or value <= most) for each, most in table.items()]
    route = route_of(SEATS, known)
    assert bool(route) == (value > limits[0])
    reached = route[0].level if route else Level.OWN
    for each in hands if route else []:
        if each.height < reached.height:
            with pytest.raises(NotYourLevel):
                next_level(route, reached, each)
            continue
        to = next_level(route, reached, each)
        most = table[each]
        assert (to is None) == (most is None or value <= most)
        if to is None:
            break
        assert to.height > each.height
        reached = to


def test_amounts_in_another_currency_and_without_a_number_are_for_the_level_without_a_limit() -> (
    None
):
    for facts in ({"value": Decimal(1), "currency": "USD"}, {"value": None, "currency": "CNY"}):
        decided = decide("contract-value", facts)
        assert [each.level for each in decided.outcome if each.enough] == [Level.GROUP]
    less = decide("contract-value", {"change": Decimal(-600_000), "currency": "CNY"})
    assert [each.level for each in less.outcome if each.enough] == ["province", "group"]
    discount = decide("discount-authority", {"discount": Decimal("12.5")})
    assert [each.level for each in discount.outcome if each.enough] == ["province", "group"]


@pytest.mark.parametrize(
    ("discount", "route"),
    [
        ("5.00", []),
        ("5.01", ["network"]),
        ("10.00", ["network"]),
        ("15.00", ["network", "province"]),
        ("21.00", ["network", "province", "group"]),
    ],
)
def test_a_discount_goes_as_high_as_it_is_deep(discount: str, route: list[str]) -> None:
    decided = decide("discount-authority", {"discount": Decimal(discount)})
    assert [each.level for each in route_of(SEATS, decided.outcome)] == route


def test_the_rule_book_tells_of_the_states_of_a_review() -> None:
    with papers():
        told = {line.split(" | ")[0].strip("| "): line for line in _chapter("paper")}
    states = ("drafted", "submitted", "approved")
    assert [part.strip() for part in told["command"].split("|")[2:5]] == [*states]
    for verb, cells in {
        "submit": ("→ approved or submitted", "draft-required", "draft-required"),
        "approve": ("decision-open-required", "→ approved or submitted", "decision-open-required"),
        "take-back": ("decision-open-required", "→ drafted", "decision-open-required"),
    }.items():
        assert [part.strip() for part in told[verb].split("|")[2:5]] == [*cells]
    assert "not-your-level, same-hands" in told["approve"]


def test_each_rule_set_that_decides_a_parameter_is_there() -> None:
    named = {each.rule for c in every_command().values() for each in c.decided.values()}
    assert named <= deciding.keys()


def test_what_the_system_fills_in_is_no_part_of_a_body() -> None:
    found = commands_of(Paper)
    assert {verb: {*found[verb].body.model_fields} for verb in ("submit", "approve")} == {
        "submit": {"note"},
        "approve": {"note"},
    }
    assert found["submit"].decided["limits"].of == ("value", "currency")
    assert found["approve"].highest == {"highest"}
    assert {NotYourLevel, DecisionOpenRequired} < {*found["approve"].rules}
    assert {AuthorityExhausted, DraftRequired} == {*found["submit"].rules}
    assert found["approve"].apart_from is Paper.Submitted
    assert found["send-back"].apart_from is Paper.Submitted


def test_nothing_dated_earlier_comes_into_what_was_approved() -> None:
    """Of each kind that is reviewed, what is for drafts only states no day, or ends the draft.

    Steps keep their order: one that ends it is not dated before it was submitted.
    """
    kinds: list[type[Aggregate]] = [Paper]
    kinds += (each for each in discover().aggregates.values() if issubclass(each, Reviewed))
    for command in (each for kind in kinds for each in _declared(kind)):
        ends = all(fact.leading is not None for fact in command.facts)
        assert command.dated is None or ends or DraftRequired not in command.rules, command.name
    for fact in (Paper.Submitted, Paper.Approved, Paper.PassedOn, Paper.SentBack, Paper.TakenBack):
        assert STATED not in vars(fact)


def test_a_record_is_the_same_after_a_copy() -> None:
    record = paper("1")
    submit(record)
    assert copy.deepcopy(record).route == (
        Step(level=Level.NETWORK, unit="gd-gz", limit=Decimal(500000)),
    )


def test_what_lacks_one_of_the_states_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short(StrEnum):
        DRAFTED = "drafted"

    monkeypatch.setattr(kernel, "registry", Registry())
    with pytest.raises(Misdeclared, match=r"names 'submitted', which is no state of Box"):

        class Box(Reviewed[ByValue], Aggregate):
            status = begins(Short.DRAFTED)
            unit = "gd"
