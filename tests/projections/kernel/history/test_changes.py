"""Changes: what each event made of its row, by path, also when it comes late."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.aggregate import Recorded, discover
from domain.kernel.envelope import Unreadable
from domain.kernel.time.effective_day import in_effect
from projections.customers.customers import customers
from projections.kernel.history.changes import Change, changes, changes_of_days, concerns, steps
from projections.kernel.history.fold_at import fold_at
from projections.kernel.read_model import Row, fold
from projections.sales.opportunities import opportunities

discover()  # which fields state the day of a fact is known from its class
DAY = datetime(2026, 3, 10, tzinfo=UTC)


def event(version: int, what: str, /, **data: Any) -> Recorded:
    time = DAY + timedelta(days=version)
    actor = ("li.wei", "gd", "c", None, None)
    return Recorded(version, "s", version, f"customer.{what}", 1, time, *actor, data)


def registered(**more: Any) -> Recorded:
    return event(1, "registered", name="Steel", unit="gd", **more)


def changed(*history: Recorded) -> list[Change]:
    """Return what the last event of a history changed."""
    last = list(steps(customers, history))[-1]
    return [
        Change(*each[:3])
        for span in last.spans
        for each in changes(customers, span.before, span.after)
    ]


def test_a_field_has_its_value_before_and_after() -> None:
    regraded = event(2, "regraded", grade="A", reason="x")
    assert changed(registered(grade="B"), regraded) == [Change("grade", "B", "A")]


def test_what_is_nested_is_told_by_its_path() -> None:
    added = event(2, "contact-added", contact_id="c1", name="Li", phone="1")
    corrected = event(3, "contact-corrected", contact_id="c1", phone="2")
    removed = event(4, "contact-removed", contact_id="c1")
    history = [registered(), added, corrected, removed]
    assert changed(*history[:2]) == [
        Change("contacts/c1/name", None, "Li"),
        Change("contacts/c1/phone", None, "1"),
    ]
    assert changed(*history[:3]) == [Change("contacts/c1/phone", "1", "2")]
    assert changed(*history) == [
        Change("contacts/c1/name", "Li", None),
        Change("contacts/c1/phone", "2", None),
    ]
    member = event(2, "team-member-added", employee="li.wei", role="sales")
    assert changed(registered(), member) == [Change("team/li.wei", None, "sales")]


def test_an_object_in_a_list_is_known_by_its_name_not_its_place() -> None:
    before = {"lines": [{"product": "SD-WAN", "quantity": 1}, {"product": "MPLS", "quantity": 2}]}
    after = {"lines": [{"product": "MPLS", "quantity": 3}]}
    assert changes(opportunities, before, after) == [
        Change("lines/SD-WAN/product", "SD-WAN", None),
        Change("lines/SD-WAN/quantity", 1, None),
        Change("lines/MPLS/quantity", 2, 3),
    ]


def test_the_path_of_an_object_in_a_list_stays_when_others_of_its_name_come() -> None:
    lead, later = {"stage": "lead", "to": "2026-03-01"}, {"stage": "solution", "to": None}
    assert changes(opportunities, {"stages": [lead, later]}, {"stages": [lead, later, later]}) == [
        Change("stages/solution/2/stage", None, "solution")
    ]
    left = later | {"to": "2026-03-09"}
    before, after = {"stages": [lead, lead, later]}, {"stages": [lead, lead, left]}
    assert changes(opportunities, before, after) == [
        Change("stages/solution/to", None, "2026-03-09")
    ]
    unnamed = [{"to": "x"}, lead]
    assert changes(opportunities, {"stages": unnamed}, {"stages": [*unnamed, lead]}) == [
        Change("stages/lead/2/stage", None, "lead"),
        Change("stages/lead/2/to", None, "2026-03-01"),
    ]


def test_a_column_with_very_many_changes_is_counted() -> None:
    team = {f"e{n}": "sales" for n in range(500)}
    assert changes(customers, {"team": {}}, {"team": team}) == [
        Change("team", "0 values", "500 values")
    ]


def test_a_field_is_found_by_itself_by_what_is_around_it_and_by_its_name() -> None:
    change = Change("contacts/c1/phone", "1", "2")
    assert [concerns(change, f) for f in ("contacts", "contacts/c1", "phone", "pho")] == [
        *(True, True, True),
        False,
    ]


def test_what_cannot_be_folded_changes_nothing() -> None:
    broken = event(2, "regraded", reason="no grade")
    unread = replace(broken, data=Unreadable("", "x"))
    assert changed(registered(), broken) == []
    assert changed(registered(), unread) == []


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ABCD")), max_size=8))
def test_after_each_event_is_what_was_known_in_the_order_in_which_it_holds(
    told: list[tuple[int, str]],
) -> None:
    history = [registered(registered_on="2026-03-01")] + [
        event(n + 2, "regraded", grade=grade, reason="x", on=f"2026-03-0{day + 1}")
        for n, (day, grade) in enumerate(told)
    ]
    for n, step in enumerate(steps(customers, history), 1):
        assert step.known["grade"] == _known(history[:n])["grade"]


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ABCD")), min_size=1, max_size=8))
def test_each_event_changed_just_those_days_of_which_something_else_was_known(
    told: list[tuple[int, str]],
) -> None:
    first = registered(registered_on="2026-03-01", grade="B")
    history = [first] + [
        event(n + 2, "regraded", grade=grade, reason="x", on=f"2026-03-0{day + 1}")
        for n, (day, grade) in enumerate(told)
    ]
    for n, step in enumerate(list(steps(customers, history))[1:], 1):
        found = changes_of_days(customers, step.spans)
        for day in (date(2026, 3, 1) + timedelta(each) for each in range(9)):
            before, after = (_grade(history[:upto], day) for upto in (n, n + 1))
            here = [
                (each.before, each.after)
                for each in found
                if each.valid_from and each.valid_from <= day <= (each.valid_to or day)
            ]
            assert here == ([] if before == after else [(before, after)])


def _grade(history: list[Recorded], day: date) -> Any:
    row = fold_at(customers, history, day)
    return row and row["grade"]


def test_a_late_regrade_changes_the_days_until_the_next_that_was_known() -> None:
    history = [
        registered(grade="B", registered_on="2026-03-01"),
        event(2, "regraded", grade="A", reason="x", on="2026-03-09"),
        event(3, "regraded", grade="C", reason="y", on="2026-03-05"),
    ]
    late = list(steps(customers, history))[-1]
    assert changes_of_days(customers, late.spans) == [
        Change("grade", "B", "C", date(2026, 3, 5), date(2026, 3, 8))
    ]
    assert late.known["grade"] == "A"


def _known(history: list[Recorded]) -> Row:
    """Return the row of facts that are told anew in the order in which they hold."""
    ordered = in_effect(history)
    again = [
        Recorded(n, "s", n, each.type, 1, each.time, "a", "u", "c", None, None, each.data)
        for n, each in enumerate(ordered, 1)
    ]
    return fold(customers, {}, again).rows["s"]


def test_an_amount_has_one_form_however_it_was_stated() -> None:
    stated = [
        event(n, "details-corrected", annual_revenue=text) for n, text in ((2, "5"), (3, "6.5"))
    ]
    (told,) = changed(registered(), *stated)
    assert (told.field, str(told.before), str(told.after)) == ("annual_revenue", "5.00", "6.50")
