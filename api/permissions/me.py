"""Me over HTTP: who is calling, by name, which roles they hold where, who stands in for whom."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from typing_extensions import TypedDict

from api.document.answers import ActorKind, Uuid, answer
from api.kernel.access.authentication import Principal
from api.kernel.access.visibility import See
from api.kernel.reading.read_parameters import json_response
from projections.kernel.visibility.visibility import Party
from projections.permissions.access_control import Access
from projections.permissions.holdings import in_effect

router = APIRouter(tags=["sign-in"])


class HeldRole(TypedDict):
    """A role that is held now, at a unit."""

    role: str
    role_name: str | None
    unit: str
    unit_name: str | None
    unit_english_name: str | None
    reach: Annotated[str, Field(description="unit: all records there; team, own: these alone")]
    until: datetime | None


class InEffect(TypedDict):
    """A delegation in effect: the deputy may act for the principal, by `On-Behalf-Of`."""

    id: Uuid
    principal: str
    principal_name: str | None
    deputy: str
    deputy_name: str | None
    starts: datetime | None
    until: datetime | None


class Delegations(TypedDict):
    """Those in effect that the caller has given and been given."""

    given: Annotated[list[InEffect], Field(description="who may stand in for the caller")]
    received: Annotated[list[InEffect], Field(description="for whom the caller may stand in")]


class Myself(TypedDict):
    """Who calls; names stand beside codes."""

    actor: Annotated[str, Field(description="the code of an employee, or the id of a key")]
    actor_kind: ActorKind
    name: str | None
    post: Annotated[str | None, Field(description="the title of the employee's position")]
    on_behalf_of: Annotated[
        str | None, Field(description="the employee whom it stands in for, by whose roles it goes")
    ]
    on_behalf_kind: ActorKind | None
    on_behalf_name: str | None
    unit: str
    unit_name: str | None
    unit_english_name: str | None
    credential: Annotated[str, Field(description="how the caller was recognised")]
    roles: Annotated[list[HeldRole], Field(description="what is held now, the widest unit first")]
    delegations: Delegations


@router.get("/me", operation_id="me", responses=answer("Who you are.", Myself))
async def me(request: Request, see: See) -> Response:
    """Tell who is calling, on whose behalf, for which unit, and how that was recognised.

    With the roles by which it goes now, and the delegations in effect.
    """
    who, known, now = request.state.who, _Known(see.access), datetime.now(UTC)
    told: Myself = {
        "actor": who.actor,
        "actor_kind": who.actor_kind,
        "name": known.caller(who),
        "post": known.told("employees", who.actor, "post"),
        "on_behalf_of": who.on_behalf_of,
        "on_behalf_kind": who.on_behalf_of and "person",
        "on_behalf_name": known.told("employees", who.on_behalf_of),
        "unit": who.unit,
        "unit_name": known.told("units", who.unit),
        "unit_english_name": known.told("units", who.unit, "english_name"),
        "credential": who.credential,
        "roles": known.roles(who.party or Party(None), now),
        "delegations": {
            "given": known.delegations(("principal", who.actor), now),
            "received": known.delegations(who.actor, now),
        },
    }
    return json_response(told)


class _Known:
    """What is known of people, roles and units by those who decide who may do what."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def told(self, shelf: str, code: str | None, column: str = "name") -> str | None:
        """Return a column of what has a code."""
        row = None if code is None else self._access.shelves[shelf].one(code)
        return None if row is None else row[column]

    def caller(self, who: Principal) -> str | None:
        """Return the name of an employee or a key."""
        if who.actor_kind == "person":
            return self.told("employees", who.actor)
        row = self._access.shelves["api_keys"].rows.get(who.actor)
        return None if row is None else row["name"]

    def roles(self, party: Party, now: datetime) -> list[HeldRole]:
        """Return what a party holds, by its grants or by its principal's, from the top down."""
        held = self._access.holdings(party, now)
        return [
            {
                "role": each.role,
                "role_name": self.told("roles", each.role),
                "unit": each.unit,
                "unit_name": self.told("units", each.unit),
                "unit_english_name": self.told("units", each.unit, "english_name"),
                "reach": each.reach,
                "until": each.until,
            }
            for each in sorted(held, key=lambda each: len(self._access.above(each.unit)))
        ]

    def delegations(self, key: Hashable, now: datetime) -> list[InEffect]:
        """Return the delegations under a key of their shelf that are in effect."""
        return [
            {
                "id": row["id"],
                "principal": row["principal"],
                "principal_name": self.told("employees", row["principal"]),
                "deputy": row["deputy"],
                "deputy_name": self.told("employees", row["deputy"]),
                "starts": row["starts"],
                "until": row["until"],
            }
            for row in self._access.shelves["delegations"].find(key)
            if row["state"] == "active" and in_effect(row["starts"], row["until"], now)
        ]
