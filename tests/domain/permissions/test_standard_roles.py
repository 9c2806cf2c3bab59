"""Standard roles: what is shipped for each level makes sense, and keeps to its level."""

import hashlib

import pytest

from domain.permissions.permission import expand
from domain.permissions.standard_roles import EDITION, STANDARD_ROLES

ROLES = {role.code: expand(role.permissions) for role in STANDARD_ROLES}


@pytest.mark.parametrize("role", STANDARD_ROLES, ids=lambda role: role.code)
def test_every_entry_of_a_standard_role_allows_something(role: object) -> None:
    assert [each for each in role.permissions if not expand([each])] == []  # type: ignore[attr-defined]


def test_a_local_network_has_neither_logs_nor_repair_nor_roles_to_define() -> None:
    for name in ("operation.read", "system-log.read", "parked.repair", "role.define"):
        assert name not in ROLES["network-manager"], name
        assert (name in ROLES["province-manager"]) is (name != "parked.repair"), name


BY_KIND = ("customer.*", "customer-merge.*", "opportunity.*", "service-ticket.*", "campaign.*")
LOOKING = ("customer.read", "opportunity.read", "service-ticket.read", "campaign.read")
KINDS = {entry.partition(".")[0] for entry in BY_KIND}
"""What the roles said of the business before they named rooms."""


@pytest.mark.parametrize(
    ("code", "entries"),
    [
        *((code, BY_KIND) for code in ("group-manager", "province-manager", "network-manager")),
        ("analyst", LOOKING),
    ],
)
def test_by_rooms_a_role_allows_of_the_kinds_there_were_what_it_did(
    code: str, entries: tuple[str, ...]
) -> None:
    read = set() if code in ("network-manager", "analyst") else expand(["*.read"])
    here = {name for name in ROLES[code] if name.partition(".")[0] in KINDS}
    assert here - read == expand(entries) - read


def test_every_level_enters_and_keeps_customers() -> None:
    for code in ("group-manager", "province-manager", "network-manager"):
        assert expand(["customer.*", "campaign.*", "grant.*"]) <= ROLES[code]


def test_local_networks_read_what_is_offered_and_provinces_keep_it() -> None:
    for code, role in ROLES.items():
        keeps = {"administrator", "group-manager", "province-manager", "product-manager"}
        assert ("product.plan" in role) is (code in keeps), code
    assert "product.read" in ROLES["network-manager"] & ROLES["account-manager"] & ROLES["analyst"]


def test_who_plans_campaigns_does_not_approve_them() -> None:
    assert not {"campaign.approve", "campaign.reject"} & ROLES["campaign-planner"]


def test_of_who_drafts_who_approves_and_who_signs_a_contract_none_does_the_others_part() -> None:
    drafts, approves = {"contract.draft", "contract.submit"}, {"contract.approve"}
    signs = {"contract.sign", "contract.sign-amendment"}
    manager, officer = ROLES["account-manager"], ROLES["contract-officer"]
    assert (drafts <= manager, signs <= officer) == (True, True)
    assert not (approves | signs) & manager
    assert not (approves | drafts) & officer
    assert "contract.take-over" not in manager | officer  # nobody approves what it enters


@pytest.mark.parametrize("code", ["analyst", "auditor"])
def test_who_only_looks_changes_nothing(code: str) -> None:
    reading = {name for name in ROLES[code] if name.endswith(".read")}
    assert ROLES[code] - reading <= {"access.explain"}


def test_a_change_of_the_standard_roles_raises_their_edition() -> None:
    digest = hashlib.sha256(repr(STANDARD_ROLES).encode()).hexdigest()[:16]
    assert (EDITION, digest) == (14, "fc5cd1b5a506c2f4")
