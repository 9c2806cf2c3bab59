"""Signing in: passwords become tokens, tokens are renewed, and both can be taken away."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
import structlog

from adapters.identity.access_tokens import LIFETIME, Tokens
from adapters.identity.passwords import Cost, Passwords, WeakPassword
from adapters.identity.rate_limit import Attempts, TooSoon
from adapters.identity.sessions import RefreshRefused, RefreshReused, Session, Sessions
from adapters.identity.signing_secrets import SigningSecrets
from adapters.refusals import NotPermitted, Overloaded, UnknownId
from api.kernel.access.authentication import Principal
from api.kernel.problems import Forbidden, TooManyAttempts, Unauthenticated, WrongPassword
from domain.permissions.permission import expand
from projections.kernel.visibility.visibility import Party, Subject, View
from projections.permissions.access_control import Access
from projections.permissions.holdings import of_grant

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Passwords that are hashed at a time, each in 64 MiB and on several processors."""

WAITING = 100
"""Requests with passwords that may wait for that; past it 503."""

SET_PASSWORD = "employee.set-password"  # noqa: S105 (a permission)

Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, slots=True)
class Issued:
    """What whoever signs in is given; `refresh` is empty while the password must be changed.

    `device` is the token by which the device is known when it comes to sign in again, if any.
    """

    access: str
    refresh: str
    once: bool = False
    device: str = ""

    def content(self) -> dict[str, object]:
        """Return it as the answer has it."""
        content = {"access_token": self.access, "token_type": "Bearer", "expires_in": LIFETIME}
        if self.device:
            content["device_token"] = self.device
        if self.once:
            return content | {"password_change_required": True}
        return content | {"refresh_token": self.refresh}


class SigningIn:
    """Everything about signing in. Each method but `turn` may take a second: call it by `turn`."""

    def __init__(
        self,
        engine: sa.Engine,
        secrets: SigningSecrets,
        access: Callable[[], Access],
        cost: Cost | None = None,
    ) -> None:
        """Keep what is secret in a journal's database; `access` tells who works here now."""
        self.passwords = Passwords(engine, cost)
        self.attempts = Attempts(engine)
        self.sessions = Sessions(engine)
        self.tokens = Tokens(secrets)
        self._access = access
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="signing-in")
        self._waiting = 0

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    async def turn(self, work: Callable[[], Result]) -> Result:
        """Do work in one of the few threads for it. Raises `Overloaded` when too many wait."""
        if self._waiting >= WAITING:
            raise Overloaded("Too many are signing in at the moment; try again shortly.")
        self._waiting += 1
        try:
            inside = partial(contextvars.copy_context().run, work)
            return await asyncio.get_running_loop().run_in_executor(self._threads, inside)
        finally:
            self._waiting -= 1

    def sign_in(self, employee: str, password: str, address: str, device: str = "") -> Issued:
        """Begin a session for whoever knows an employee's password.

        `device` is the token that this device was given when it last signed in. Raises
        `Unauthenticated`, the same and after the same time whatever was wrong, or
        `TooManyAttempts`.
        """
        self._attempt(employee, address, device)
        verdict = self.passwords.check(employee, password)
        row = self._access().employee(employee)
        if not verdict.right or row is None or row["state"] != "active":
            # Some type their password where the name goes: only names that we know are noted.
            known = employee if row is not None else None
            reason = "left" if verdict.right else "wrong password" if row else "unknown employee"
            log.warning("sign-in-refused", employee=known, reason=reason, address=address)
            raise Unauthenticated("The employee or the password is wrong.")
        known = self.attempts.succeeded(employee, address, device)
        issued = self._begin(employee, address, once=verdict.once)
        return dataclasses.replace(issued, device=known)

    def refresh(self, token: str, address: str) -> Issued:
        """Exchange a refresh token. Raises `Unauthenticated`."""
        try:
            session = self.sessions.refresh(token)
        except RefreshReused as reused:
            who = {"employee": reused.employee, "session": reused.session}
            log.warning("refresh-reused", **who, address=address)
            raise Unauthenticated("This token was used before; its session has ended.") from None
        except RefreshRefused:
            log.warning("refresh-refused", address=address)
            raise Unauthenticated("This token is not known, or its session has ended.") from None
        row = self._access().employee(session.employee)
        after = row and row["sessions_after"]
        void = row is None or row["state"] != "active"
        if void or (after and session.begun_us <= after.timestamp() * 1e6):
            self.sessions.end(session.id)
            log.warning("refresh-refused", employee=session.employee, address=address)
            raise Unauthenticated("This session has ended. Sign in again.")
        if session.again:
            who = {"employee": session.employee, "session": session.id}
            log.info("refresh-repeated", **who, address=address)
        return self._issue(session)

    def sign_out(self, who: Principal) -> None:
        """End the session that somebody signed in by. Raises `Forbidden` when there is none."""
        if not who.session:
            raise Forbidden("What you came with is not from a sign-in here.")
        self.sessions.end(who.session)
        log.info("signed-out", employee=who.actor, session=who.session)

    def change(self, who: Principal, old: str, new: str, address: str) -> Issued:
        """Change one's own password; all sessions end and a new one begins.

        Raises `Forbidden`, `WrongPassword`, `WeakPassword`, `TooManyAttempts`.
        """
        employee = who.party.employee if who.party is not None else None
        if employee is None or who.on_behalf_of is not None:
            raise Forbidden("Only an employee has a password, and changes it alone.")
        self._attempt(employee, address, session=who.session)
        if not self.passwords.check(employee, old).right:
            log.warning("password-change-refused", employee=employee, address=address)
            raise WrongPassword("The old password is another one.")
        self.attempts.succeeded(employee, address, session=who.session)
        if self.passwords.check(employee, new).right:
            raise WeakPassword("The new password is the old one.")
        self.passwords.put(employee, new)
        self.sessions.end_all(employee)
        log.info("password-changed", employee=employee, address=address)
        return self._begin(employee, address)

    def set_for(self, who: Principal, employee: str, password: str) -> None:
        """Give an employee a password for one sign-in, and end all of their sessions.

        Raises `UnknownId`, `NotPermitted`, `WeakPassword`.
        """
        access, now = self._access(), datetime.now(UTC)
        row = access.employee(employee)
        party = who.party or Party(None)
        subject = Subject(frozenset({row["unit"]} if row else ()), frozenset({employee}))
        if row is None or not access.decide(party, "employee.read", subject, now):
            raise UnknownId(f"There is no employee {employee!r}.")
        if row["state"] != "active" or party.on_behalf_of is not None:
            raise NotPermitted("Passwords are set for active employees, and by nobody's deputy.")
        if party.employee == employee and who.credential != "administrator-key":
            raise NotPermitted("Change your own password by POST /me/password.")
        if not access.decide(party, SET_PASSWORD, subject, now):
            raise NotPermitted(f"You do not have the permission {SET_PASSWORD} for {employee}.")
        if missing := _missing(access, party, employee, now):
            raise NotPermitted(f"{employee} may {missing}, which you may not.")
        self.passwords.put(employee, password, once=True)
        self.attempts.clear(employee)
        self.sessions.end_all(employee)
        log.info("password-set", employee=employee, by=who.actor, by_kind=who.actor_kind)

    def _attempt(self, employee: str, address: str, device: str = "", session: str = "") -> None:
        try:
            self.attempts.begin(employee, address, device, session)
        except TooSoon as error:
            log.warning("sign-in-delayed", seconds=error.seconds, address=address)
            raise TooManyAttempts(error.seconds) from None

    def _begin(self, employee: str, address: str, *, once: bool = False) -> Issued:
        session = self.sessions.begin(employee)
        log.info("signed-in", employee=employee, session=session.id, address=address, once=once)
        return self._issue(session, once=once)

    def _issue(self, session: Session, *, once: bool = False) -> Issued:
        since = session.begun_us / 1e6
        token = self.tokens.issue(session.employee, session.id, since, once=once)
        return Issued(token, session.refresh, once)


def _missing(access: Access, party: Party, employee: str, now: datetime) -> str | None:
    """Return a permission that an employee has, and a party has not wherever the employee has it.

    Whoever sets a password can sign in with it, and so gives themselves what its owner has, will
    have, or may do on behalf of others.
    """
    given = access.shelves["delegations"].find(employee)
    people = {employee, *(row["principal"] for row in given if row["state"] == "active")}
    for grant in (row for person in people for row in access.shelves["grants"].find(person)):
        holding = of_grant(grant)
        if holding is None or (holding.until is not None and holding.until <= now):
            continue
        theirs = access.view(holding)
        role = access.shelves["roles"].one(holding.role)
        for permission in sorted(expand(role["permissions"]) if role else ()):
            mine = access.sight(party, permission, now).views
            if not any(_contains(view, theirs) for view in mine):
                return permission
    return None


def _contains(view: View, other: View) -> bool:
    """Tell whether a view shows all that another does."""
    units = view.units is None or (other.units is not None and other.units <= view.units)
    return units and view.owners is None and view.masked <= other.masked
