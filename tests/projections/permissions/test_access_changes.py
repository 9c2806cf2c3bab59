"""Whatever happens, what is known step by step is what the rows of the whole history say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import Recorded
from projections.kernel.visibility.visibility import Party, Subject
from projections.permissions.access_control import Access
from tests.projections.accounts import happened
from tests.volume import examples

NOW = datetime(2026, 6, 1, tzinfo=UTC)
UNITS, PEOPLE = ["group", "gd", "gd-gz", "bj"], ["li", "wang"]
PERMISSIONS = ["customer.read", "customer.close", "grant.read"]


Data = dict[str, Any]


def first_events() -> list[tuple[str, str, Data]]:
    """Return how the company begins: stream, type, data."""
    told: list[tuple[str, str, Data]] = []
    data: Data
    for code, parent in zip(UNITS, [None, "group", "gd", "group"], strict=True):
        data = {"code": code, "name": code, "english_name": None, "level": "team"}
        told.append((f"unit-{code}", "unit.opened", {**data, "parent": parent, "on": None}))
    for code in PEOPLE:
        data = {"code": code, "name": code, "unit": "group", "post": None, "phone": None}
        told.append((f"employee-{code}", "employee.engaged", {**data, "email": None, "on": None}))
    for code in ("a", "b"):
        data = {"code": code, "name": code, "unit": "group", "description": ""}
        told.append((f"role-{code}", "role.defined", {**data, "permissions": ["customer.read"]}))
    team = {"name": "one", "unit": "group", "purpose": None, "customer_id": None}
    return [*told, ("team", "team.formed", team)]


@st.composite
def happenings(draw: st.DrawFn) -> list[tuple[str, str, Data]]:
    """Return some changes of what people may."""
    person, unit = st.sampled_from(PEOPLE), st.sampled_from(UNITS)
    role = st.sampled_from(["a", "b"])
    told = first_events()
    for number in range(draw(st.integers(1, 12))):
        data: Data
        kind = draw(st.sampled_from(["grant", "revoke", "role", "team", "move", "leave", "deputy"]))
        if kind == "grant":
            data = {"employee": draw(person), "role": draw(role), "unit": draw(unit)}
            reach = draw(st.sampled_from(["unit", "team", "own"]))
            rest: Data = {
                "reach": reach,
                "masked": [],
                "starts": None,
                "until": None,
                "reason": None,
            }
            told.append((f"grant-{number}", "grant.given", {**data, **rest}))
        elif kind == "revoke":
            given_before = [stream for stream, type_, _ in told if type_ == "grant.given"]
            if given_before:
                which = draw(st.sampled_from(given_before))
                told.append((which, "grant.revoked", {"reason": "x"}))
        elif kind == "role":
            some = draw(st.lists(st.sampled_from(["*", *PERMISSIONS]), max_size=2))
            data = {"name": None, "description": None, "permissions": some}
            told.append((f"role-{draw(role)}", "role.revised", data))
        elif kind == "team":
            told.append(("team", "team.member-added", {"employee": draw(person), "role": "x"}))
        elif kind == "move":
            parent = draw(st.sampled_from(["group", "bj"]))
            told.append(("unit-gd", "unit.moved", {"parent": parent, "reason": "x"}))
        elif kind == "leave":
            data = {"reason": "x", "on": None}
            told.append((f"employee-{draw(person)}", "employee.left", data))
        else:
            data = {"principal": "li", "deputy": "wang", "reason": "x"}
            period = {"starts": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
            told.append((f"delegation-{number}", "delegation.given", {**data, **period}))
    return told


def recorded(told: list[tuple[str, str, Data]]) -> list[Recorded]:
    """Return what was told as the journal would hold it."""
    versions: Counter[str] = Counter()
    events = []
    for position, (stream, type_, data) in enumerate(told, 1):
        versions[stream] += 1
        events.append(happened(position, stream, versions[stream], type_, **data))
    return events


def answers(known: Access) -> list[str | None]:
    """Return what is decided for everybody about everything."""
    parties = [*map(Party, PEOPLE), Party("wang", on_behalf_of="li")]
    subjects = [Subject(frozenset({unit}), frozenset({who})) for unit in UNITS for who in PEOPLE]
    return [
        known.decide(party, permission, subject, NOW).grant
        for party in parties
        for permission in PERMISSIONS
        for subject in [None, *subjects]
    ]


@given(happenings())
@settings(max_examples=examples(20), deadline=None)
def test_each_step_leads_where_the_whole_history_does(
    told: list[tuple[str, str, Data]],
) -> None:
    events, known = recorded(told), Access()
    for number, event in enumerate(events, 1):
        known = known.after([event])
        assert known.missed == frozenset()
        if number > len(first_events()):
            assert answers(known) == answers(Access().after(events[:number]))
    assert answers(known.after(events)) == answers(known)
    rows = {name: shelf.rows.values() for name, shelf in known.shelves.items()}
    assert answers(Access.of(known.position, rows)) == answers(known)


def test_a_gap_is_told_and_filled_by_the_whole_stream() -> None:
    told = [*first_events(), ("unit-gd", "unit.moved", {"parent": "bj", "reason": "x"})]
    told.append(("unit-gd", "unit.renamed", {"name": "x", "english_name": None}))
    events = recorded(told)
    without = [each for each in events if each.type != "unit.moved"]
    known = Access().after(without)
    assert known.missed == {"unit-gd"}
    healed = known.after([each for each in events if each.stream == "unit-gd"])
    assert healed.missed == frozenset()
    assert healed.above("gd-gz") == ("gd-gz", "gd", "bj", "group")
