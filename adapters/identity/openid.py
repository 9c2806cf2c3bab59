"""OpenID Connect: bearer tokens that an outside provider signed, checked against its keys."""

from __future__ import annotations

import math
import threading
import time
from http import HTTPStatus
from typing import Any, TypeVar, cast

import jwt
import structlog
from pydantic import BaseModel

from adapters.identity.access_tokens import BadToken, Signed
from adapters.identity.https_get import Unanswered, ask
from adapters.identity.token_kinds import Accepted, require_access
from adapters.refusals import Refusal
from adapters.setting import secure
from adapters.settings import Settings

log = structlog.get_logger(__name__)

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
"""Signatures that are believed: those with a public key, so that a key cannot pass for a secret."""

LEEWAY = 10
"""Seconds that the provider's clock may differ from ours."""

PAUSE = 10.0
"""Seconds between two looks for the provider's keys, whatever tokens may come."""

AGE = 3600.0
"""Seconds after which its keys are read again, so that those that it has withdrawn go."""

PATIENCE = 5.0
"""Seconds that the provider may take for an answer."""

FAR = 2.0**53
"""Seconds since 1970 past which a number is no time."""

SHORTEST_RSA = 2048
"""Bits that an RSA key has at least."""


class _Configuration(BaseModel):
    issuer: str
    jwks_uri: str


class _KeySet(BaseModel):
    keys: list[dict[str, Any]]


Document = TypeVar("Document", _Configuration, _KeySet)


class ProviderUnavailable(Refusal):
    """The identity provider does not answer now, so its tokens cannot be checked; try again."""

    status = 503
    title = "The identity provider does not answer"


class Provider:
    """An outside provider of identities. Its methods may use the network: call it in a thread."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        claim: str = "sub",
        accepted: Accepted = "at+jwt",
        *,
        admin: bool = False,
        pause: float = PAUSE,
    ) -> None:
        """Believe access tokens of an issuer for an audience; `claim` has the employee's code.

        `accepted` is how they are told from its other tokens; `admin` whether one may be the
        administrator's; `pause` the least number of seconds between two looks for its keys.
        """
        self.issuer = issuer
        self.admin = admin
        self._accepted = accepted
        self._audience = audience
        self._claim = claim
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._pause = pause
        self._tried = -math.inf
        self._read = -math.inf

    @classmethod
    def of(cls, settings: Settings) -> Provider | None:
        """Return the provider that the settings name, if they name one."""
        if not settings.oidc_issuer:
            return None
        s = settings
        accepted = cast(Accepted, s.oidc_tokens)
        return cls(s.oidc_issuer, s.oidc_audience, s.oidc_claim, accepted, admin=s.oidc_admin)

    def issued(self, token: str) -> bool:
        """Tell whether a token says that it is from this provider, which remains to be checked."""
        try:
            said = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return False
        return said.get("iss") == self.issuer

    def verify(self, token: str) -> Signed:
        """Return what a token says; it has no session, for that is the provider's.

        Raises `BadToken`, or `ProviderUnavailable` when no keys are known to check it with.
        """
        try:
            header = jwt.get_unverified_header(token)
            said = jwt.decode(
                token,
                self._key(header.get("kid")),
                ALGORITHMS,
                audience=self._audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.InvalidTokenError, TypeError) as error:
            raise BadToken(str(error)) from error
        require_access(self._accepted, header, said)
        employee = said.get(self._claim)
        if not isinstance(employee, str) or not employee:
            raise BadToken(f"Its claim {self._claim!r} does not name an employee.")
        if self._claim == "email" and said.get("email_verified") is not True:
            raise BadToken("Whose address its claim 'email' is was not verified.")
        # Whoever signed in before all sessions were ended is out, so the earlier time counts.
        since = min(_seconds(said, "iat"), _seconds(said, "auth_time", said["iat"]))
        return Signed(employee, None, since, _seconds(said, "exp") + LEEWAY)

    def _key(self, name: object) -> jwt.PyJWK:
        """Return a key by its name, looking for new ones when it is not known or they are old."""
        if not isinstance(name, str):
            raise BadToken("It does not name its key.")
        if name not in self._keys or self._aged:
            with self._lock:  # whoever waited for another's look need not look again
                now = time.monotonic()
                if (name not in self._keys or self._aged) and now - self._tried > self._pause:
                    self._tried = now
                    self._look()
        keys = self._keys
        if not keys:
            raise ProviderUnavailable("Its keys could not be read; try again shortly.")
        if name not in keys:
            raise BadToken("Its key is not one of the provider's.")
        return keys[name]

    @property
    def _aged(self) -> bool:
        return time.monotonic() - self._read > AGE

    def _look(self) -> None:
        """Read the provider's keys; when it does not answer, those known before go on."""
        try:
            place = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = _get(place, _Configuration)
            if found.issuer != self.issuer:
                raise ValueError("its configuration names another issuer")
            keys = _get(found.jwks_uri, _KeySet).keys
        except (Unanswered, ValueError) as error:
            log.warning("openid-unreachable", issuer=self.issuer, error=str(error))
            return
        self._keys = {key["kid"]: usable for key in keys if (usable := _usable(key)) is not None}
        self._read = time.monotonic()
        log.info("openid-keys-read", issuer=self.issuer, keys=sorted(self._keys))


def _seconds(said: dict[str, Any], name: str, otherwise: Any = None) -> float:
    """Return a claim that is a time, in seconds since 1970. Raises `BadToken`."""
    value = said.get(name, otherwise)
    if type(value) not in (int, float) or not abs(value) < FAR:
        raise BadToken(f"Its claim {name!r} is not a time.")
    return float(value)


def _get(url: str, kind: type[Document]) -> Document:
    """Return the document at an address, which must be secure."""
    if not secure(url):
        raise ValueError(f"{url} is not HTTPS")
    status, body = ask(url, PATIENCE)
    if status != HTTPStatus.OK:
        raise ValueError(f"{url} answers {status}")
    return kind.model_validate_json(body)


def _usable(key: dict[str, Any]) -> jwt.PyJWK | None:
    """Return a key of a key set if it signs by one of our algorithms, `None` otherwise."""
    if key.get("use", "sig") != "sig" or not isinstance(key.get("kid"), str):
        return None
    try:
        found = jwt.PyJWK(key)
    except jwt.PyJWTError:
        return None
    weak = found.key_type == "RSA" and found.key.key_size < SHORTEST_RSA
    return None if weak or found.algorithm_name not in ALGORITHMS else found
