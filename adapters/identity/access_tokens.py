"""Access tokens: who has signed in, said in a signed JWT for ten minutes."""

from __future__ import annotations

import dataclasses
import threading
import time
from uuid import UUID

import jwt

from adapters.identity.signing_secrets import TOKENS, SigningSecrets
from domain.kernel.aggregate import new_id

ISSUER = "keyline"
"""Who issues our tokens and, as they are for nobody else, whom they are for."""

ALGORITHM = "HS256"
"""Only our own processes check these tokens, so one secret signs and verifies."""

LIFETIME = 600
"""Seconds for which a token is good."""

LEEWAY = 5
"""Seconds that the clocks of our machines may differ by."""

AGE = 30 * 86_400
"""Seconds after which another key signs."""

PAUSE = 1.0
"""Seconds between two looks for keys that other processes made."""


class BadToken(Exception):
    """The token is altered, expired, not for us, or not a token at all; the text says which."""


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    """What a token says: who signed in when, in which session, and until when it is good.

    `session` is `None` where the session is a provider's. `once` means that nothing is open but the
    change of the password. `since` and `until` are seconds since 1970.
    """

    employee: str
    session: str | None
    since: float
    until: float
    once: bool = False


class Tokens:
    """Issues and verifies access tokens, with keys that all processes on a journal share."""

    def __init__(self, secrets: SigningSecrets) -> None:
        """Read the keys of a journal; make one if there is none that opens."""
        self._secrets = secrets
        self._lock = threading.Lock()
        self._looked = 0.0
        self._keys: dict[str, bytes] = {}
        self._look()
        if not self._keys:
            self.rotate()

    def issue(self, employee: str, session: str, since: float, *, once: bool = False) -> str:
        """Return a token. May write a new key: call it in a thread."""
        newest = max(self._keys)
        if time.time() - _made(newest) > AGE:
            newest = self.rotate()
        now = time.time()
        claims = {"iss": ISSUER, "aud": ISSUER, "sub": employee, "sid": session}
        said = claims | {"auth_time": since, "iat": int(now), "exp": int(now) + LIFETIME}
        if once:
            said["once"] = True
        return jwt.encode(said, self._keys[newest], ALGORITHM, headers={"kid": newest})

    def verify(self, token: str) -> Signed:
        """Return what a token says. Raises `BadToken`.

        May read the keys anew: call it in a thread.
        """
        try:
            key = self._key(str(jwt.get_unverified_header(token).get("kid")))
            said = jwt.decode(
                token,
                key,
                [ALGORITHM],
                audience=ISSUER,
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "sub", "sid", "auth_time"]},
            )
        except jwt.InvalidTokenError as error:
            raise BadToken(str(error)) from error
        if not isinstance(said["sid"], str):
            raise BadToken("Its claim 'sid' is not a session.")
        return Signed(
            said["sub"],
            said["sid"],
            said["auth_time"],
            said["exp"] + LEEWAY,
            once=said.get("once", False),
        )

    def rotate(self) -> str:
        """Sign with a new key from now on; older ones verify what they signed while it is good.

        Returns the name of the key.
        """
        name, now = new_id(), time.time()
        old = [each for each in self._keys if now - _made(each) > AGE + 2 * LIFETIME]
        self._secrets.add(TOKENS + name, [TOKENS + each for each in old])
        self._look()
        return name

    def _key(self, name: str) -> bytes:
        if name not in self._keys and time.monotonic() - self._looked > PAUSE:
            self._look()
        try:
            return self._keys[name]
        except KeyError:
            raise BadToken("Its key is not known.") from None

    def _look(self) -> None:
        with self._lock:
            found = self._secrets.all(TOKENS)
            opened = {name.removeprefix(TOKENS): key for name, key in found.items()}
            # Wrapped by a master key that this machine does not have yet: what is known goes on.
            known = {name: key or self._keys.get(name) for name, key in opened.items()}
            self._keys = {name: key for name, key in known.items() if key is not None}
            self._looked = time.monotonic()


def _made(name: str) -> float:
    """Return when a key was made, which its name, a UUIDv7, tells; in seconds since 1970."""
    return (UUID(name).int >> 80) / 1000
