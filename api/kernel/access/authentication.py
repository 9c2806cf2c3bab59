"""Who calls: the one place where a request's credentials become a person or system with a unit."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from adapters.identity.access_tokens import BadToken, Signed, Tokens
from adapters.identity.administrator_key import Keys
from adapters.identity.api_key_secret import is_key, prefix_of
from adapters.identity.openid import Provider
from api.kernel.access.revocation import Current
from api.kernel.problems import NotDelegated, PasswordChangeRequired, Unauthenticated
from domain.kernel.actors import ActorKind
from domain.kernel.aggregate import Origin
from projections.kernel.visibility.visibility import Party
from projections.permissions.access_control import Access

OPEN = frozenset(
    {
        *("/", "/docs", "/openapi.json", "/livez", "/readyz", "/problems", "/favicon.ico"),
        *("/metrics", "/sign-in", "/sign-in/refresh", "/console"),
    }
)
"""What answers without credentials; metrics do so only to callers on this machine."""

OPEN_FOLDERS = ("/problems/", "/docs/", "/console/")
"""The pages of the console say by themselves who may see them: they ask as whoever is signed in."""

WITH_ONE_TIME_PASSWORD = frozenset({"/me/password", "/sign-out"})
"""What is open to those who have to change their password."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1", ""})

REMEMBERED = 20_000
"""Tokens that are remembered as verified."""

MEMORY = 600.0
"""Seconds after which they are verified again, for a provider may have withdrawn its key."""

LONGEST = 16_384
"""Bytes of credentials that are looked at."""


@dataclasses.dataclass(frozen=True, slots=True)
class Principal:
    """Whoever calls: `actor` goes into every event, with its kind and the `unit` it acts for.

    `actor` is the code of an employee or the id of a key's record, as `actor_kind` says.
    `on_behalf_of` is always an employee. `party` is whose permissions decide; without one it is
    the system itself. `credential` says how the caller was recognised, `session` which sign-in it
    belongs to, if any; `once` that nothing is open but the change of a password.
    """

    actor: str
    unit: str
    on_behalf_of: str | None = None
    party: Party | None = None
    credential: str = ""
    session: str = ""
    once: bool = False
    actor_kind: ActorKind = "person"

    @property
    def caller(self) -> tuple[str, str]:
        """Who it is whose requests are counted: a deputy is not whom they act for."""
        return self.actor_kind, self.actor

    def origin(self, command_id: str) -> Origin:
        """Return what a command of theirs comes from."""
        return Origin(
            self.actor, self.unit, command_id, self.on_behalf_of, actor_kind=self.actor_kind
        )


ADMINISTRATOR = Principal("admin", "group", None, Party("admin"), "administrator-key")


class Doorkeeper:
    """Tells who calls from the headers of a request.

    Whoever was let in a moment ago with a key is let in to command at once: the transaction of the
    command looks again. Reads, and all that is not known, wait for a look at what is so now.
    """

    def __init__(
        self,
        keys: Keys,
        tokens: Tokens,
        provider: Provider | None,
        current: Current,
    ) -> None:
        """Know callers by these keys and tokens, as far as they are good now."""
        self._keys = keys
        self._tokens = tokens
        self._provider = provider
        self._current = current
        self._verifying = ThreadPoolExecutor(4, thread_name_prefix="tokens")
        self._verified: dict[bytes, tuple[float, Signed, str]] = {}

    def close(self) -> None:
        """End the threads."""
        self._current.close()
        self._verifying.shutdown()

    def at_once(self, headers: Mapping[bytes, bytes]) -> Principal | None:
        """Return the system or administrator that calls, as far as the last look knows.

        Only for what is looked at again before it takes effect.
        """
        access = self._current.last
        if access is None:
            return None
        try:
            return self._by_key(access, _credentials(headers), _principal_named(headers))
        except (Unauthenticated, NotDelegated):
            return None

    async def identify(self, headers: Mapping[bytes, bytes], path: str) -> Principal:
        """Return who calls, as of now.

        Raises `Unauthenticated`, `NotDelegated`, `PasswordChangeRequired`; `ProviderUnavailable`
        and `Unavailable` when it cannot be told.
        """
        credentials, named = _credentials(headers), _principal_named(headers)
        if credentials.count(b".") != 2 or self._keys.is_admin(credentials):
            access, _ = await self._current.look()
            who = self._by_key(access, credentials, named)
            if who is None:
                raise Unauthenticated("This key is not known here.")
            return who
        signed, credential = await self._token(credentials)
        access, live = await self._current.look(signed.session, signed.employee)
        if not live:
            raise Unauthenticated("This session has ended. Sign in again.")
        who = _person(access, signed.employee, credential, named, signed.since)
        if signed.session is None and not self._may_be(access, signed.employee):
            raise Unauthenticated("A token of the provider is not the administrator's here.")
        if signed.once and path not in WITH_ONE_TIME_PASSWORD:
            raise PasswordChangeRequired("Choose a password of your own first: POST /me/password.")
        return dataclasses.replace(who, session=signed.session or "", once=signed.once)

    def needed(self, path: str, address: str) -> bool:
        """Tell whether a path answers only to those who are known."""
        if path == "/metrics":
            return address not in LOOPBACK
        return path not in OPEN and not path.startswith(OPEN_FOLDERS)

    def _by_key(self, access: Access, key: bytes, named: str | None) -> Principal | None:
        if self._keys.is_admin(key):
            if access.employee("admin") is None and named is None:  # no foundation was laid yet
                return ADMINISTRATOR
            return _person(access, "admin", ADMINISTRATOR.credential, named)
        text = key.decode("latin-1")
        prefix = prefix_of(text)
        row = access.api_key(prefix) if prefix is not None else None
        if row is None or not is_key(text, row["digest"]):
            return None
        until = row["until"]
        if row["state"] != "active" or (until is not None and until <= datetime.now(UTC)):
            raise Unauthenticated("This key was revoked or has expired.")
        if named is not None:
            raise NotDelegated("A system does not act on behalf of anybody.")
        party = Party(None, key=row["id"])
        known_by = f"key:kl_{prefix}"
        return Principal(row["id"], row["unit"], None, party, known_by, actor_kind="key")

    def _may_be(self, access: Access, code: str) -> bool:
        """Tell whether a token of the provider may be that of an employee."""
        row = access.employee(code)
        trusted = self._provider is not None and self._provider.admin
        return trusted or (row is not None and row["code"] != ADMINISTRATOR.actor)

    async def _token(self, token: bytes) -> tuple[Signed, str]:
        """Return what a token says, and what kind of credential it is."""
        now = time.time()
        known = self._verified.get(token)
        if known is None or known[0] <= now:
            loop = asyncio.get_running_loop()
            try:
                found = await loop.run_in_executor(self._verifying, self._verify, token.decode())
            except (BadToken, UnicodeDecodeError) as error:
                raise Unauthenticated("This token is altered, expired or not for here.") from error
            while len(self._verified) >= REMEMBERED:
                self._verified.pop(next(iter(self._verified)))
            known = (min(found[0].until, now + MEMORY), *found)
            self._verified[token] = known
        return known[1:]

    def _verify(self, token: str) -> tuple[Signed, str]:
        if self._provider is not None and self._provider.issued(token):
            return self._provider.verify(token), f"oidc:{self._provider.issuer}"
        signed = self._tokens.verify(token)
        return signed, f"password:{signed.session}"


def _person(
    access: Access, code: str, credential: str, named: str | None, since: float | None = None
) -> Principal:
    """Return an employee who is recognised, unless that is void by now.

    `since` is when a session began, in seconds since 1970; `named` on whose behalf to act.
    """
    row = access.employee(code)
    if row is None or row["state"] != "active":
        raise Unauthenticated("Whoever this was issued to does not work here.")
    after: datetime | None = row["sessions_after"]
    if since is not None and after is not None and since <= after.timestamp():
        raise Unauthenticated("All sessions of this employee have been ended. Sign in again.")
    if named is not None:
        given = access.delegations(code, named, datetime.now(UTC))
        if not access.active(named) or not any(True for _ in given):
            raise NotDelegated(f"There is no delegation from {named} to you that is in effect.")
    party = Party(code, on_behalf_of=named)
    return Principal(code, row["unit"], named, party, credential)


def _credentials(headers: Mapping[bytes, bytes]) -> bytes:
    scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
    key = key.strip()
    if scheme.lower() != b"bearer" or not key or len(key) > LONGEST:
        raise Unauthenticated("Send the header Authorization: Bearer <key or token>.")
    return key


def _principal_named(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the code of the employee on whose behalf the request is, if it says so."""
    named = headers.get(b"on-behalf-of")
    if named is None:
        return None
    try:
        return named.decode().strip()
    except UnicodeDecodeError:
        raise NotDelegated("On-Behalf-Of is the code of an employee.") from None
