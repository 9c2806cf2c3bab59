"""What nobody may do with permissions, told as the rows before and after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.kernel.aggregate import RuleViolation
from domain.permissions.permission import LastAdministrator, OwnPermissions, WiderThanOwn
from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Party
from projections.permissions.access_control import Access
from projections.permissions.permission_limits import require_limits
from tests.projections.company import (
    NOW,
    access,
    api_key,
    delegation,
    employee,
    grant,
    role,
    team,
)

DAY = timedelta(days=1)
BOSS, LI, WANG = (Party(code) for code in ("boss", "li", "wang"))
COMPANY = (
    *(employee("boss"), employee("li"), employee("wang")),
    *(role("all", "*"), role("grants", "grant.*", "customer.read"), role("reads", "customer.read")),
    *(role("closes", "customer.close"), grant("boss", "all", "group")),
    grant("li", "grants", "gd"),
)


def change(party: Party, row: Row, *before: Row) -> None:
    """Let a party put a row in the place of the one with its id, or besides the others."""
    require_limits(access(*COMPANY, *before), changed(*before, row), row["id"], party, NOW)


def changed(*rows: Row) -> Access:
    """Return the company when rows have taken the place of those with their ids."""
    return access(*{row["id"]: row for row in (*COMPANY, *rows)}.values())


def refused(rule: type[RuleViolation], party: Party, row: Row, *before: Row) -> str | None:
    """Check that a change breaks a rule; returns the field to blame."""
    with pytest.raises(rule) as caught:
        change(party, row, *before)
    return caught.value.field


def test_one_gives_what_one_has_where_one_has_it() -> None:
    change(LI, grant("wang", "reads", "gd"))
    change(LI, grant("wang", "reads", "gd-gz", "own", until=NOW + DAY))
    assert refused(WiderThanOwn, LI, grant("wang", "closes", "gd")) == "role"
    refused(WiderThanOwn, LI, grant("wang", "reads", "bj"))
    refused(WiderThanOwn, LI, grant("wang", "reads", "group"))
    refused(WiderThanOwn, LI, grant("wang", "all", "gd"))
    change(BOSS, grant("wang", "all", "gd"))


def test_one_gives_nothing_unmasked_that_is_masked_to_oneself() -> None:
    masked = grant("li", "grants", "gd", masked=["phone"])
    refused(WiderThanOwn, LI, grant("wang", "reads", "gd"), masked)
    change(LI, grant("wang", "reads", "gd", masked=["phone", "revenue"]), masked)


def test_one_gives_nothing_for_longer_than_one_has_it() -> None:
    short = grant("li", "grants", "gd", until=NOW + DAY)
    refused(WiderThanOwn, LI, grant("wang", "reads", "gd"), short)
    refused(WiderThanOwn, LI, grant("wang", "reads", "gd", until=NOW + 2 * DAY), short)
    change(LI, grant("wang", "reads", "gd", until=NOW + DAY), short)


def test_who_has_only_their_own_records_in_reach_gives_nothing() -> None:
    own = grant("li", "grants", "gd", "own")
    refused(WiderThanOwn, LI, grant("wang", "reads", "gd", "own"), own)


def test_nobody_gives_to_themselves_or_revokes_their_own() -> None:
    assert refused(OwnPermissions, LI, grant("li", "reads", "gd")) == "employee"
    refused(OwnPermissions, LI, grant("li", "grants", "gd", state="revoked"))
    refused(OwnPermissions, BOSS, grant("boss", "all", "group", state="revoked"))


def test_a_key_is_issued_by_who_has_what_it_gives() -> None:
    change(LI, api_key("ab12", "reads", "gd"))
    refused(WiderThanOwn, LI, api_key("ab12", "reads", "group"))
    refused(WiderThanOwn, LI, api_key("ab12", "closes", "gd"))


def test_a_key_neither_revokes_itself_nor_gives_more_than_it_has() -> None:
    key, party = api_key("ab12", "grants", "gd"), Party(None, key="k-ab12")
    refused(OwnPermissions, party, key | {"state": "revoked"}, key)
    change(party, grant("wang", "reads", "gd"), key)
    refused(WiderThanOwn, party, grant("wang", "closes", "gd"), key)
    refused(WiderThanOwn, party, api_key("cd34", "reads", "group"), key)


def test_nobody_changes_a_role_that_they_hold() -> None:
    refused(OwnPermissions, LI, role("grants", "*"))
    refused(OwnPermissions, LI, role("grants", "grant.*", "customer.read", state="retired"))


def test_a_role_gets_only_permissions_that_whoever_revises_it_has_wherever_it_is_held() -> None:
    held = grant("wang", "reads", "gd-gz")
    assert refused(WiderThanOwn, LI, role("new", "customer.read")) == "permissions"
    change(LI, role("new", "customer.read", unit="gd"))
    local = role("local", "customer.read", unit="gd")
    more = role("local", "customer.read", "grant.read", unit="gd")
    change(LI, more, local, grant("wang", "local", "gd-gz"))
    refused(WiderThanOwn, LI, more, local, grant("wang", "local", "bj"))
    refused(WiderThanOwn, LI, more, local, api_key("ab12", "local", "bj"))
    change(BOSS, role("reads", "customer.read", "customer.close"), held)


def test_a_deputy_is_named_by_the_principal_or_by_who_has_as_much() -> None:
    change(LI, delegation("li", "wang", NOW + DAY))
    change(BOSS, delegation("li", "wang", NOW + DAY))
    assert refused(WiderThanOwn, LI, delegation("boss", "wang", NOW + DAY)) == "principal"
    assert refused(OwnPermissions, LI, delegation("boss", "li", NOW + DAY)) == "deputy"
    given = delegation("boss", "li", NOW + DAY)
    change(LI, given | {"state": "withdrawn"}, given)


def test_who_comes_back_gets_old_grants_back_only_from_who_has_as_much() -> None:
    left, old = employee("zhao", state="left"), grant("zhao", "closes", "bj")
    back = employee("zhao")
    refused(WiderThanOwn, LI, back, left, old)
    change(BOSS, back, left, old)
    change(LI, back, left, old | {"state": "revoked"})


def test_the_last_unlimited_grant_of_everything_stays() -> None:
    revoked = grant("boss", "all", "group", state="revoked")
    other = grant("wang", "all", "group")
    refused(LastAdministrator, LI, revoked)
    refused(LastAdministrator, LI, revoked, other | {"until": NOW + DAY})
    refused(LastAdministrator, LI, revoked, other | {"masked": ["phone"]})
    refused(LastAdministrator, LI, revoked, other | {"unit": "gd"})
    refused(LastAdministrator, LI, revoked, other | {"reach": "own"})
    change(LI, revoked, other)


def test_the_last_administrator_does_not_leave_nor_is_the_role_retired() -> None:
    refused(LastAdministrator, LI, employee("boss", state="left"))
    refused(LastAdministrator, LI, role("all", "*", state="retired"))
    refused(LastAdministrator, LI, role("all", "customer.read"))
    change(LI, employee("boss", state="left"), grant("wang", "all", "group"))


def test_what_gives_nobody_anything_is_not_limited() -> None:
    change(LI, employee("wang", unit="gd"))
    change(LI, team("one", "li", "wang"))
