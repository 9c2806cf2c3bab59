"""Standard roles: what is shipped for the three levels of use, to be granted as they are."""

from __future__ import annotations

from typing import NamedTuple

EDITION = 14
"""Raised with each change below, so that systems in use take over what people left alone."""


class StandardRole(NamedTuple):
    """A role as it is shipped."""

    code: str
    name: str
    description: str
    permissions: tuple[str, ...]


_WORK = ("billing.*", "care.*", "customers.*", "sales.*", "service.*", "marketing.*")
"""By the rooms of the house, so that a kind of record that comes to one is in."""

_PEOPLE = ("employee.*", "team.*", "handover.*", "grant.*", "delegation.*")
_SYSTEM = ("unit.*", "role.*", "api-key.*")
_COLLEAGUES = ("unit.read", "employee.read", "team.read", "role.read")
_OFFERS = ("products.read",)
"""What is offered, which local networks and those who sell it only read."""

_FIGURES = ("report.read", "export.read")

STANDARD_ROLES = (
    StandardRole(
        "administrator",
        "Administrator",
        "Everything, wherever it is granted: at a province, everything there.",
        ("*",),
    ),
    StandardRole(
        "group-manager",
        "Group manager",
        "Manages key accounts, people, units, roles and keys nationwide; sees every log.",
        (*_WORK, "products.*", *_PEOPLE, *_SYSTEM, "*.read", "access.explain"),
    ),
    StandardRole(
        "province-manager",
        "Province manager",
        "Manages key accounts, people, units, roles and keys of a province; sees its logs.",
        (*_WORK, "products.*", *_PEOPLE, *_SYSTEM, "*.read", "access.explain"),
    ),
    StandardRole(
        "network-manager",
        "Local network manager",
        "Manages key accounts and people of a local network and opens its departments; "
        "roles, keys, logs and the running of the system are the province's.",
        (
            *(*_WORK, *_OFFERS, *_PEOPLE, *_FIGURES),
            *("unit.read", "unit.open", "unit.rename", "role.read", "access.explain"),
        ),
    ),
    StandardRole(
        "account-manager",
        "Account manager",
        "Keeps customers, sells to them and sees to their tickets; as a rule granted for own ones.",
        (
            *("customer.read", "customer.register", "customer.correct-details"),
            *("customer.classify", "customer.record-purchase", "customer.end-purchase"),
            *("customer.engage", "customer.activate", "customer.lapse", "customer.win-back"),
            *("customer.add-contact", "customer.correct-contact", "customer.remove-contact"),
            *("customer.add-team-member", "customer.remove-team-member"),
            *("customer.state-requirement", "customer.waive-requirement"),
            *("site.*", "product-in-use.*", "visit.*", "billing.read", "opportunity.*"),
            *("contract.read", "contract.draft", "contract.revise", "contract.submit"),
            *("contract.take-back", "contract.draft-amendment", "contract.submit-amendment"),
            *("contract.take-back-amendment", "contract.drop-amendment", "contract.void"),
            *("service-ticket.read", "service-ticket.open", "service-ticket.record-progress"),
            *("service-ticket.confirm", "service-ticket.reopen", "service-ticket.withdraw"),
            *("service-agreement.read", "service-agreement.draft", "service-agreement.submit"),
            *("service-agreement.revise-draft", "service-agreement.draft-amendment"),
            *("service-agreement.take-back", "exclusion.read", "exclusion.propose"),
            *("maintenance.read", "maintenance.object", "maintenance.answer-objection"),
            *("campaign.read", "campaign.record-contact", "campaign.record-response"),
            *("campaign.link-opportunity", *_OFFERS, *_COLLEAGUES, *_FIGURES),
        ),
    ),
    StandardRole(
        "contract-officer",
        "Contract officer",
        "Notes what becomes of approved contracts, from signature to their end, and payments.",
        (
            *("contract.read", "contract.sign", "contract.sign-amendment", "contract.renew"),
            *("contract.give-notice", "contract.withdraw-notice", "contract.suspend"),
            *("contract.resume", "contract.terminate", "contract.schedule-payments"),
            *("contract.record-payment", "customer.read", "opportunity.read"),
            *(*_OFFERS, *_COLLEAGUES, *_FIGURES),
        ),
    ),
    StandardRole(
        "billing-clerk",
        "Billing clerk",
        "Keeps billing accounts, says through which one a product is billed, and rates credit.",
        (
            *("billing.*", "customer.read", "customer.rate-credit", "product-in-use.read"),
            *("product-in-use.bill-through", *_OFFERS, *_COLLEAGUES, *_FIGURES),
        ),
    ),
    StandardRole(
        "product-manager",
        "Product manager",
        "Keeps what is offered and its prices, at the group or a province.",
        ("products.*", "product-in-use.read", "site.read", *_COLLEAGUES, *_FIGURES),
    ),
    StandardRole(
        "service-agent",
        "Service agent",
        "Takes in and works on tickets; knows the customers and whom to call there.",
        (
            *("service-ticket.*", "customer.read", "customer.add-contact"),
            *("customer.correct-contact", "site.read", "product-in-use.read"),
            *("service-agreement.read", "exclusion.read", "exclusion.propose"),
            *("maintenance.read", "maintenance.object", *_OFFERS, *_COLLEAGUES, "report.read"),
        ),
    ),
    StandardRole(
        "campaign-planner",
        "Campaign planner",
        "Plans and runs campaigns; others approve them.",
        (
            *("campaign.read", "campaign.plan", "campaign.revise-plan", "campaign.submit"),
            *("campaign.add-targets", "campaign.remove-targets", "campaign.launch"),
            *("campaign.pause", "campaign.resume", "campaign.close", "campaign.evaluate"),
            *("campaign.record-contact", "campaign.record-response", "campaign.record-cost"),
            *("campaign.link-opportunity", "customer.read", "opportunity.read"),
            *(*_OFFERS, *_COLLEAGUES, *_FIGURES),
        ),
    ),
    StandardRole(
        "analyst",
        "Analyst",
        "Sees the business and its figures, and changes nothing.",
        (
            *("customer.read", "site.read", "product-in-use.read", "sales.read", "service.read"),
            *("billing.read", "marketing.read", *_OFFERS, *_COLLEAGUES, *_FIGURES),
        ),
    ),
    StandardRole(
        "auditor",
        "Auditor",
        "Sees everything there is, every log and every reason, and changes nothing.",
        ("*.read", "access.explain"),
    ),
    StandardRole(
        "data-protection-officer",
        "Data protection officer",
        "Finds what is recorded of a person outside the staff, and erases it on request.",
        (
            *("customer.read", "customer.erase-contact"),
            *("service-ticket.read", "service-ticket.erase-contact"),
            *("operation.read", "proof.read", *_COLLEAGUES),
        ),
    ),
    StandardRole(
        "operator",
        "Operator",
        "Looks after the running system: its log, its health, events that could not be applied.",
        ("system-log.read", "operation.read", "parked.read", "parked.repair"),
    ),
)
"""The roles that every system has from its first start."""
