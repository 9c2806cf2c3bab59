"""Who may do what where, as rows say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from projections.kernel.visibility.visibility import Party, Subject
from tests.projections.company import (
    NOW,
    UNITS,
    access,
    api_key,
    at,
    delegation,
    employee,
    grant,
    role,
    sees,
    team,
    unit,
)

DAY = timedelta(days=1)
LI = employee("li")
READER = role("reader", "customer.read")


def test_who_holds_no_grant_sees_nothing() -> None:
    assert not sees(access(LI, READER), "li", at("group", "li"))


def test_a_grant_reaches_the_unit_and_all_below_it_and_nothing_beside_or_above() -> None:
    known = access(LI, READER, grant("li", "reader", "gd"))
    assert sees(known, "li", at("gd"))
    assert sees(known, "li", at("gd-gz-1"))
    assert not sees(known, "li", at("bj"))
    assert not sees(known, "li", at("group"))


def test_a_grant_at_the_top_shows_records_of_units_that_nobody_knows() -> None:
    known = access(LI, READER, grant("li", "reader", "group"))
    assert sees(known, "li", at("never-heard-of"))
    assert sees(known, "li", Subject())
    assert known.sight(Party("li"), "customer.read", NOW).everything
    narrow = access(LI, READER, grant("li", "reader", "gd"))
    assert not sees(narrow, "li", at("never-heard-of"))
    assert not sees(narrow, "li", Subject())


def test_a_record_of_several_units_is_in_sight_by_any_of_them() -> None:
    known = access(LI, READER, grant("li", "reader", "gd"))
    assert sees(known, "li", Subject(frozenset({"bj", "gd-sz"})))


def test_a_permission_that_no_role_has_is_missing_and_said_so() -> None:
    known = access(LI, READER, grant("li", "reader", "gd"))
    decision = known.decide(Party("li"), "customer.close", at("gd"), NOW)
    assert not decision
    assert decision.missing == "li has the permission customer.close nowhere."
    decision = known.decide(Party("li"), "customer.read", at("bj"), NOW)
    assert decision.missing == "li has the permission customer.read, but not here."


def test_patterns_of_a_role_stand_for_many_permissions() -> None:
    known = access(LI, role("all", "customer.*", "*.read"), grant("li", "all", "gd"))
    assert sees(known, "li", at("gd"), "customer.close")
    assert sees(known, "li", at("gd"), "campaign.read")
    assert not sees(known, "li", at("gd"), "campaign.close")


def test_own_reach_shows_only_records_of_the_holder_within_the_unit() -> None:
    known = access(LI, READER, grant("li", "reader", "gd", "own"))
    assert sees(known, "li", at("gd-gz", "li", "wang"))
    assert not sees(known, "li", at("gd-gz", "wang"))
    assert not sees(known, "li", at("bj", "li"))


def test_team_reach_shows_records_of_the_members_of_live_teams() -> None:
    people = [LI, READER, grant("li", "reader", "gd", "team")]
    known = access(*people, team("one", "li", "wang"), team("two", "zhao"))
    assert sees(known, "li", at("gd", "wang"))
    assert sees(known, "li", at("gd", "li"))
    assert not sees(known, "li", at("gd", "zhao"))
    known = access(*people, team("one", "li", "wang", state="dissolved"))
    assert not sees(known, "li", at("gd", "wang"))
    assert sees(known, "li", at("gd", "li"))


def test_a_grant_counts_from_its_start_until_its_end() -> None:
    dated = grant("li", "reader", "gd", starts=NOW, until=NOW + DAY)
    known, party = access(LI, READER, dated), Party("li")
    moments = [NOW - DAY, NOW, NOW + DAY - timedelta(microseconds=1), NOW + DAY, NOW]
    allowed = [bool(known.decide(party, "customer.read", at("gd"), now)) for now in moments]
    assert allowed == [False, True, True, False, True]


def test_who_has_left_and_what_was_revoked_or_retired_gives_nothing() -> None:
    one = grant("li", "reader", "gd")
    assert not sees(access(employee("li", state="left"), READER, one), "li", at("gd"))
    assert not sees(access(LI, role("reader", "*", state="retired"), one), "li", at("gd"))
    assert not sees(access(LI, READER, one | {"state": "revoked"}), "li", at("gd"))
    assert not sees(access(READER, one), "li", at("gd"))


def test_fields_are_masked_where_every_grant_that_shows_the_record_masks_them() -> None:
    known = access(
        LI,
        READER,
        role("clerk", "customer.read"),
        grant("li", "reader", "gd", masked=["phone", "revenue"]),
        grant("li", "clerk", "gd-gz", masked=["phone"]),
    )
    sight = known.sight(Party("li"), "customer.read", NOW)
    assert sight.masked(at("gd-sz")) == {"phone", "revenue"}
    assert sight.masked(at("gd-gz")) == {"phone"}
    assert sight.masked_somewhere() == {"phone", "revenue"}
    assert not sight.everything


@pytest.mark.parametrize(
    ("masked", "hidden"),
    [(["amount"], {"amount", "cost"}), (["cost"], {"cost"}), (["phone"], {"phone"})],
)
def test_a_grant_that_masks_amounts_hides_costs_too_as_it_did_when_they_were_amounts(
    masked: list[str], hidden: set[str]
) -> None:
    key = api_key("ab12", "reader", "gd", masked=masked)
    known = access(LI, READER, grant("li", "reader", "gd", masked=masked), key)
    for party in (Party("li"), Party(None, key="k-ab12")):
        assert known.sight(party, "customer.read", NOW).masked(at("gd")) == hidden


def test_everybody_reads_units_and_roles_and_what_is_about_themselves() -> None:
    known = access(LI, employee("wang"))
    assert sees(known, "li", at("bj"), "unit.read")
    assert sees(known, "li", at("bj"), "role.read")
    assert sees(known, "li", at("bj", "li"), "grant.read")
    assert not sees(known, "li", at("bj", "wang"), "grant.read")
    assert not sees(known, "nobody", at("bj"), "unit.read")


def test_a_closed_unit_belongs_to_what_succeeds_it() -> None:
    units = (*UNITS[:3], unit("gd-sz", "gd", "merged", "bj"), *UNITS[4:])
    known = access(LI, READER, grant("li", "reader", "bj"), units=units)
    assert sees(known, "li", at("gd-sz"))
    assert known.above("gd-sz") == ("bj", "group")
    known = access(LI, READER, grant("li", "reader", "gd"), units=units)
    assert not sees(known, "li", at("gd-sz"))


def test_a_grant_at_a_unit_that_was_merged_does_not_grow_by_the_merger() -> None:
    units = (*UNITS[:2], unit("gd-gz", "gd", "merged", "bj"), *UNITS[3:])
    known = access(LI, READER, grant("li", "reader", "gd-gz"), units=units)
    assert sees(known, "li", at("gd-gz"))
    assert sees(known, "li", at("gd-gz-1"))
    assert not sees(known, "li", at("bj"))


def test_an_api_key_is_a_party_of_its_own() -> None:
    key = api_key("ab12", "reader", "gd", until=NOW + DAY, masked=["phone"])
    known, party = access(READER, key), Party(None, key="k-ab12")
    assert sees(known, party, at("gd-gz"))
    assert not sees(known, party, at("bj"))
    assert known.sight(party, "customer.read", NOW).masked(at("gd")) == {"phone"}
    assert not known.decide(party, "customer.read", at("gd"), NOW + DAY)
    assert not sees(access(READER, key | {"state": "revoked"}), party, at("gd"))
    assert not sees(known, party, at("gd", "li"), "grant.read")
    assert sees(known, party, at("gd"), "unit.read")
    assert not sees(known, Party(None, key="k-zz99"), at("gd"), "unit.read")


def test_a_deputy_has_what_the_principal_has_and_only_during_the_delegation() -> None:
    people = [LI, employee("chen"), READER, role("clerk", "campaign.read")]
    people += [grant("li", "reader", "gd"), grant("chen", "clerk", "bj")]
    known = access(*people, delegation("li", "chen", NOW + DAY))
    deputy = Party("chen", on_behalf_of="li")
    assert sees(known, deputy, at("gd"))
    assert not sees(known, deputy, at("bj"), "campaign.read")
    assert not sees(known, "chen", at("gd"))
    assert not known.decide(deputy, "customer.read", at("gd"), NOW + DAY)
    assert not sees(known, Party("li", on_behalf_of="chen"), at("bj"), "campaign.read")
    gone = [each for each in people if each["id"] != "e-li"]
    left = access(*gone, employee("li", state="left"), delegation("li", "chen", NOW + DAY))
    assert not sees(left, deputy, at("gd"))


def test_own_reach_on_behalf_is_that_of_the_principal() -> None:
    people = [LI, employee("chen"), READER, grant("li", "reader", "gd", "own")]
    known = access(*people, delegation("li", "chen", NOW + DAY))
    deputy = Party("chen", on_behalf_of="li")
    assert sees(known, deputy, at("gd", "li"))
    assert not sees(known, deputy, at("gd", "chen"))


def test_a_deputy_neither_delegates_further_nor_changes_permissions() -> None:
    known = access(
        LI,
        employee("chen"),
        role("all", "*"),
        grant("li", "all", "group"),
        delegation("li", "chen", NOW + DAY),
        delegation("chen", "wang", NOW + DAY),
        employee("wang"),
    )
    deputy = Party("chen", on_behalf_of="li")
    assert sees(known, deputy, at("gd"), "customer.close")
    for permission in ("delegation.give", "grant.give", "grant.revoke", "role.revise"):
        assert not sees(known, deputy, at("gd", "li", "chen"), permission)
    assert sees(known, deputy, at("gd"), "grant.read")
    assert not sees(known, Party("wang", on_behalf_of="li"), at("gd"))
