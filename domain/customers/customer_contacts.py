"""The people at a customer: their part in its decisions, and how to reach and please them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from domain.customers.customer_standing import CustomerMerged, Standing
from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    command,
    keyed,
    new_id,
    starts,
)
from domain.kernel.erasure import LegalBasis, PersonErased, require_discretion
from domain.kernel.time.correction import Fields, correction
from domain.kernel.types.sought import BIRTHDAY, EMAIL, NAME, PHONE
from domain.kernel.types.values import (
    ERASED,
    PERSON,
    Adds,
    Come,
    Erases,
    Id,
    Line,
    Lineage,
    PastDay,
    Personal,
    Plain,
    Prose,
    Sensitive,
)


class DecisionRole(StrEnum):
    """The part that a contact plays when the customer decides."""

    DECISION_MAKER = "decision-maker"
    APPROVER = "approver"
    INFLUENCER = "influencer"
    GATEKEEPER = "gatekeeper"
    BUYER = "buyer"
    USER = "user"


class Relationship(StrEnum):
    """How a contact stands to us."""

    SPONSOR = "sponsor"
    SUPPORTER = "supporter"
    NEUTRAL = "neutral"
    SCEPTIC = "sceptic"
    OPPONENT = "opponent"


Influence = Annotated[int, Field(ge=1, le=5)]
"""The weight of a contact's word, from 1 (little) to 5 (decisive)."""

Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9][0-9 ().x-]{2,38}$"),
    Field(examples=["+86 20 8888 1234"]),
]
"""A telephone number, with an extension after an x."""

Email = Annotated[
    str,
    StringConstraints(
        max_length=200,
        pattern=r"^[^@\s\x00-\x1f\x7f<>]+@[^@\s\x00-\x1f\x7f<>]+\.[^@\s\x00-\x1f\x7f<>.]+$",
    ),
    Plain,
    Field(examples=["li.wei@example.com"]),
]
"""An e-mail address."""


Known = Annotated[Sequence[str], Lineage(PERSON, "contact_id", None)]
"""Whether some customer has a person of this id, or had one who was erased."""

OfContact = Personal("contact_id")
"""What is known of a contact is sealed with the key of that contact."""


class ContactDetail(StrEnum):
    """A detail of a contact that can be emptied."""

    TITLE = "title"
    DECISION_ROLE = "decision_role"
    INFLUENCE = "influence"
    RELATIONSHIP = "relationship"
    BIRTHDAY = "birthday"
    PREFERENCES = "preferences"
    PHONE = "phone"
    EMAIL = "email"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactDetails(Fields):
    """What is known of one contact."""

    name: Annotated[str | None, OfContact, NAME] = None
    title: Annotated[str | None, OfContact] = None
    decision_role: DecisionRole | None = None
    influence: int | None = None
    relationship: Relationship | None = None
    birthday: Annotated[date | None, Sensitive("birthday"), OfContact, BIRTHDAY, Come()] = None
    preferences: Annotated[str | None, Sensitive("preferences"), OfContact] = None
    phone: Annotated[str | None, Sensitive("phone"), OfContact, PHONE] = None
    email: Annotated[str | None, Sensitive("email"), OfContact, EMAIL] = None


class ContactIdTaken(RuleViolation):
    """No two contacts share an id, also at two customers."""


class ContactRequired(RuleViolation):
    """A contact is corrected or removed only while the customer has it."""


class PersonRequired(RuleViolation):
    """A person is erased from the customer whose contact they are, or were last."""


class Contacts(Standing):
    """The people whom we know at the customer."""

    class ContactAdded(ContactDetails, Aggregate.Event, puts="contacts"):
        """{who} added {contact_id} as a contact[, {decision_role}]."""

        contact_id: Annotated[str, Adds()]
        on: date | None = None

    class ContactCorrected(ContactDetails, Aggregate.Event, corrects="contacts"):
        """{who} corrected the contact {contact_id}: {changes}."""

        contact_id: str
        cleared: tuple[str, ...] = ()
        on: date | None = None

    class ContactRemoved(Aggregate.Event, drops="contacts"):
        """{who} removed {contact_id} from the contacts."""

        contact_id: str
        on: date | None = None

    class ContactErased(Aggregate.Event):
        """{who} erased a person from the contacts, because "{reason}" ({legal_basis})."""

        contact_id: Annotated[str, Erases()]
        reason: str
        legal_basis: str

    contacts: dict[str, dict[str, Any]] = keyed("contact_id", ContactDetails, ContactRequired)
    former_contacts: set[str] = starts(set)
    erased_contacts: set[str] = starts(set)

    @command
    def add_contact(
        self,
        name: Line,
        title: Line | None = None,
        decision_role: DecisionRole | None = None,
        influence: Influence | None = None,
        relationship: Relationship | None = None,
        birthday: PastDay | None = None,
        preferences: Prose | None = None,
        phone: Phone | None = None,
        email: Email | None = None,
        contact_id: Id | None = None,
        known: Known = (),
    ) -> None:
        """Add a person to the contacts; `contact_id` is made up when it is not given."""
        details = ContactDetails.among(locals())
        if contact_id in self.contacts or contact_id in self.now.contacts:
            raise ContactIdTaken("contact_id")
        if contact_id in self.now.erased_contacts or ERASED in known:
            raise PersonErased("contact_id")
        if known and contact_id not in self.now.former_contacts:
            raise ContactIdTaken("contact_id")
        self.trigger_event(self.ContactAdded, contact_id=contact_id or new_id(), **details)

    @command
    def correct_contact(
        self,
        contact_id: Id,
        name: Line | None = None,
        title: Line | None = None,
        decision_role: DecisionRole | None = None,
        influence: Influence | None = None,
        relationship: Relationship | None = None,
        birthday: PastDay | None = None,
        preferences: Prose | None = None,
        phone: Phone | None = None,
        email: Email | None = None,
        clear: tuple[ContactDetail, ...] = (),
        known: Known = (),
    ) -> None:
        """Correct what is known of a contact: the given details, and those to `clear`."""
        given = ContactDetails.among(locals())
        if contact_id not in self.contacts:
            raise ContactRequired("contact_id")
        if contact_id in self.now.erased_contacts or ERASED in known:
            raise PersonErased("contact_id")
        changes = correction(self.contacts[contact_id], given, clear)
        if not changes:
            raise NothingChanged
        self.trigger_event(self.ContactCorrected, contact_id=contact_id, **changes)

    @command(states=ContactRemoved)
    def remove_contact(self, contact_id: Id) -> None:
        """Remove a person from the contacts."""

    @applies(ContactRemoved)
    def _contact_removed(self, contact_id: str) -> None:
        self.former_contacts.add(contact_id)

    @command(always=True)
    def erase_contact(self, contact_id: Id, reason: Line, legal_basis: LegalBasis) -> None:
        """Erase a person for good: nothing that was recorded of them can be read again, anywhere.

        Also one who was removed before, and at a closed customer. The reason and its legal basis
        are kept; they must not repeat what is erased.
        """
        if contact_id in self.now.erased_contacts:
            raise PersonErased("contact_id")
        if self.now.merged_into is not None and contact_id in self.now.left:
            raise CustomerMerged(self.now.merged_into)
        if contact_id not in self.contacts and contact_id not in self.former_contacts:
            raise PersonRequired("contact_id")
        require_discretion(reason, legal_basis, self.contacts.get(contact_id, {}).values())
        self.trigger_event(
            self.ContactErased, contact_id=contact_id, reason=reason, legal_basis=legal_basis
        )

    @applies(ContactErased)
    def _contact_erased(self, contact_id: str) -> None:
        self.contacts.pop(contact_id, None)
        self.former_contacts.discard(contact_id)
        self.erased_contacts.add(contact_id)
