"""OpenID Connect: tokens of a real provider are believed, and all that only look like them not."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from adapters.identity.access_tokens import BadToken
from adapters.identity.https_get import LARGEST
from adapters.identity.openid import Provider, ProviderUnavailable
from adapters.settings import Settings, SettingsError
from tests.identity_provider import AUDIENCE, CLIENT, IdentityProvider, identity_provider

AGES = 3600.0
"""A pause that is not over while a test runs."""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with identity_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def ours(real: IdentityProvider) -> Provider:
    return Provider(real.issuer, AUDIENCE, "sub", "jwt", pause=0)


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def said(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def refuse(provider: Provider, token: str) -> str:
    with pytest.raises(BadToken) as caught:
        provider.verify(token)
    return str(caught.value)


def test_a_token_of_the_provider_says_who_came_and_until_when(
    real: IdentityProvider, ours: Provider
) -> None:
    token = real.token()
    found = ours.verify(token)
    assert (found.employee, found.session, found.once) == ("li.wei", None, False)
    assert found.until == pytest.approx(time.time() + 3600, abs=60)
    assert found.since == said(token)["iat"]
    assert ours.issued(token)
    assert not ours.issued("x")
    assert ours.verify(real.tokens()["access_token"]).employee == "li.wei"


def test_an_id_token_opens_nothing_whomever_it_is_for(
    real: IdentityProvider, ours: Provider
) -> None:
    token = real.tokens()["id_token"]
    assert "Audience" in refuse(ours, token)
    assert "at_hash" in refuse(Provider(real.issuer, CLIENT[0], "sub", "jwt"), token)
    assert "type" in refuse(Provider(real.issuer, CLIENT[0], "sub"), token)


def test_by_default_only_what_is_called_an_access_token_is_believed(real: IdentityProvider) -> None:
    assert jwt.get_unverified_header(real.token())["typ"] == "JWT"
    assert "type" in refuse(Provider(real.issuer, AUDIENCE), real.token())


def test_a_refresh_token_of_the_provider_opens_nothing(
    real: IdentityProvider, ours: Provider
) -> None:
    token = real.tokens()["refresh_token"]
    assert said(token)["aud"] == AUDIENCE  # nothing but what it says it is for tells it apart
    assert "refresh" in refuse(ours, token)


def test_after_a_rotation_new_tokens_and_those_of_before_are_believed(
    real: IdentityProvider, ours: Provider
) -> None:
    before = real.token()
    assert ours.verify(before)
    real.rotate()
    after = real.token()
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert ours.verify(after)
    assert ours.verify(before)


def test_an_expired_token_is_refused(real: IdentityProvider, ours: Provider) -> None:
    assert "expired" in refuse(ours, real.token(minutes=-5)).lower()


def test_a_token_of_another_provider_or_for_somebody_else_is_refused(
    real: IdentityProvider, ours: Provider
) -> None:
    token = real.token()
    assert "Audience" in refuse(Provider(real.issuer, "billing", "sub", "jwt"), token)
    other = Provider(real.issuer, AUDIENCE, "sub", "jwt")
    other.verify(token)
    other.issuer = "https://id.example.org"
    assert "issuer" in refuse(other, token)
    assert not other.issued(token)


def test_an_altered_or_unsigned_token_is_refused(real: IdentityProvider, ours: Provider) -> None:
    token = real.token()
    head, body, signature = token.split(".")
    kid = jwt.get_unverified_header(token)["kid"]
    promoted = part(said(token) | {"sub": "admin"})
    for bad in (
        f"{head}.{promoted}.{signature}",
        f"{head}.{body}.",
        f"{part({'alg': 'none', 'kid': kid})}.{promoted}.",
        f"{part({'alg': 'none', 'kid': kid})}.{promoted}.{signature}",
        f"{part({'alg': 'RS256'})}.{body}.{signature}",
        f"{part({'alg': 'RS256', 'kid': [kid]})}.{body}.{signature}",
        f"{part({'alg': 'RS256', 'kid': kid, 'crit': ['x']})}.{body}.{signature}",
        f"{head}.{body}",
        "a.b.c",
        "",
    ):
        refuse(ours, bad)


def test_the_public_key_does_not_pass_for_a_secret(real: IdentityProvider, ours: Provider) -> None:
    token = real.token()
    (key,) = (
        each
        for each in real.public_keys()
        if each["kid"] == jwt.get_unverified_header(token)["kid"]
    )
    public = RSAAlgorithm.from_jwk(key).public_bytes(  # type: ignore[union-attr]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signing = f"{part({'alg': 'HS256', 'kid': key['kid']})}.{part(said(token))}"
    digest = hmac.new(public, signing.encode(), hashlib.sha256).digest()
    forged = f"{signing}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    assert "alg" in refuse(ours, forged)


def test_a_claim_that_names_nobody_is_refused(real: IdentityProvider) -> None:
    for claim in ("preferred_username", "aud_", "iat", "authorities"):
        assert claim in refuse(Provider(real.issuer, AUDIENCE, claim, "jwt"), real.token())


RSA = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def public(name: str, key: Any, **more: Any) -> dict[str, Any]:
    """Return a key as a key set has it."""
    kinds = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    kind = next((k for base, k in kinds.items() if isinstance(key, base)), OKPAlgorithm)
    found: dict[str, Any] = kind.to_jwk(key.public_key(), as_dict=True)  # type: ignore[attr-defined]
    return found | {"kid": name} | more


class Files:
    """A provider that publishes its configuration and keys as files, as some do."""

    def __init__(self, issuer: str, folder: Path) -> None:
        self.issuer = issuer
        self._folder = folder
        self.asked: list[str] = []
        self.publish("openid-configuration", {"issuer": issuer, "jwks_uri": f"{issuer}/keys"})

    def publish(self, name: str, content: Any) -> None:
        where = self._folder / ".well-known" if name.startswith("openid") else self._folder
        where.mkdir(exist_ok=True)
        (where / name).write_text(json.dumps(content))

    def keys(self, *keys: dict[str, Any]) -> None:
        self.publish("keys", {"keys": list(keys)})

    def sign(self, kid: str, key: Any, algorithm: str, **claims: Any) -> str:
        now = int(time.time())
        given = {"iss": self.issuer, "aud": AUDIENCE, "iat": now, "exp": now + 60, "sub": "li.wei"}
        given = {name: value for name, value in (given | claims).items() if value is not None}
        return jwt.encode(given, key, algorithm, headers={"kid": kid, "typ": "at+jwt"})


@contextmanager
def published(folder: Path) -> Iterator[Files]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            found.asked.append(self.path)

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found = Files(f"http://127.0.0.1:{server.server_port}", folder)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    with published(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")], ids=lambda x: str(x)[:5]
)
def test_three_algorithms_are_believed(files: Files, key: Any, algorithm: str) -> None:
    files.keys(public("one", key))
    found = Provider(files.issuer, AUDIENCE, "sub").verify(files.sign("one", key, algorithm))
    assert found.employee == "li.wei"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 9_000_000_000},
        {"iat": None},
        {"nbf": 9_000_000_000},
        {"iss": "https://id.example.org"},
        {"iss": None},
        {"aud": ["billing", "crm"]},
        {"aud": None},
        {"sub": None},
        {"typ": "Refresh"},
        {"token_use": "refresh"},
        {"auth_time": "today"},
        {"auth_time": True},
        {"auth_time": float("nan")},
        {"auth_time": 10**400},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"sub": ["li.wei"]},
        {"sub": ""},
        {"typ": "ID"},
        {"typ": "Logout"},
        {"token_use": "id"},
        {"at_hash": "x"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
    ],
    ids=json.dumps,
)
def test_a_token_with_a_wrong_claim_is_refused(files: Files, claims: dict[str, Any]) -> None:
    files.keys(public("one", ED))
    provider = Provider(files.issuer, AUDIENCE, "sub")
    assert provider.verify(files.sign("one", ED, "EdDSA", aud=["crm", AUDIENCE]))
    token = files.sign("one", ED, "EdDSA")
    text = json.dumps({k: v for k, v in (said(token) | claims).items() if v is not None})
    header = {"kid": "one", "typ": "at+jwt"}
    refuse(provider, jwt.api_jws.encode(text.encode(), ED, "EdDSA", headers=header))


def test_who_signed_in_before_says_so_whatever_the_provider_adds(files: Files) -> None:
    files.keys(public("one", ED))
    provider, now = Provider(files.issuer, AUDIENCE), int(time.time())
    for auth_time in (now - 100, now + 9_000_000):
        token = files.sign("one", ED, "EdDSA", iat=now - 50, auth_time=auth_time)
        assert provider.verify(token).since == min(auth_time, now - 50)


def test_an_address_counts_as_a_claim_only_when_it_was_verified(files: Files) -> None:
    files.keys(public("one", ED))
    provider = Provider(files.issuer, AUDIENCE, "email")
    good = files.sign("one", ED, "EdDSA", email="li.wei", email_verified=True)
    assert provider.verify(good).employee == "li.wei"
    for verified in (None, False, "true", 1):
        token = files.sign("one", ED, "EdDSA", email="li.wei", email_verified=verified)
        assert "email" in refuse(provider, token)


def test_keys_that_are_weak_or_for_something_else_verify_nothing(files: Files) -> None:
    secret = base64.urlsafe_b64encode(b"x" * 32).rstrip(b"=").decode()
    files.keys(
        public("one", ED),
        public("encryption", RSA, use="enc"),
        public("weak", WEAK),
        {"kid": "secret", "kty": "oct", "k": secret},
        {"kid": "odd", "kty": "odd"},
        {"kid": "bad", "kty": "RSA", "n": "!", "e": "AQAB"},
        public("unnamed", RSA) | {"kid": 7},
        public("pss", RSA, alg="PS256"),
        public("long", RSA, alg="RS512"),
    )
    provider = Provider(files.issuer, AUDIENCE, "sub")
    assert provider.verify(files.sign("one", ED, "EdDSA"))
    refuse(provider, files.sign("encryption", RSA, "RS256"))
    refuse(provider, files.sign("secret", b"x" * 32, "HS256"))
    refuse(provider, files.sign("pss", RSA, "PS256"))
    refuse(provider, files.sign("long", RSA, "RS512"))
    refuse(provider, files.sign("one", EC, "ES256"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = files.sign("weak", WEAK, "RS256")
    refuse(provider, weak)


def test_tokens_with_made_up_keys_do_not_make_us_ask_the_provider_again(files: Files) -> None:
    files.keys(public("one", ED))
    provider = Provider(files.issuer, AUDIENCE, "sub", pause=AGES)
    assert provider.verify(files.sign("one", ED, "EdDSA"))
    asked = len(files.asked)
    for number in range(20):
        refuse(provider, files.sign(f"made-up-{number}", ED, "EdDSA"))
    assert len(files.asked) == asked


def test_keys_that_were_withdrawn_are_forgotten(files: Files) -> None:
    files.keys(public("one", ED))
    provider = Provider(files.issuer, AUDIENCE, "sub", pause=0)
    token = files.sign("one", ED, "EdDSA")
    assert provider.verify(token)
    files.keys(public("two", EC))
    assert provider.verify(files.sign("two", EC, "ES256"))
    refuse(provider, token)


@pytest.mark.parametrize(
    "content",
    [
        {"issuer": "https://id.example.org", "jwks_uri": "{issuer}/keys"},
        {"issuer": "{issuer}", "jwks_uri": "http://192.0.2.1/keys"},
        {"issuer": "{issuer}", "jwks_uri": "file:///etc/passwd"},
        {"issuer": "{issuer}", "jwks_uri": "{issuer}/nowhere"},
        {"issuer": "{issuer}", "jwks_uri": "http://["},
        {"issuer": "{issuer}"},
        ["{issuer}"],
    ],
    ids=json.dumps,
)
def test_a_configuration_that_cannot_be_trusted_is_not_followed(files: Files, content: Any) -> None:
    files.keys(public("one", ED))
    filled = json.loads(json.dumps(content).replace("{issuer}", files.issuer))
    files.publish("openid-configuration", filled)
    with pytest.raises(ProviderUnavailable):
        Provider(files.issuer, AUDIENCE, "sub").verify(files.sign("one", ED, "EdDSA"))


def test_an_answer_without_end_is_not_read_to_its_end(files: Files) -> None:
    files.publish("keys", {"keys": [], "more": "x" * 2 * LARGEST})
    with pytest.raises(ProviderUnavailable):
        Provider(files.issuer, AUDIENCE, "sub").verify(files.sign("one", ED, "EdDSA"))


def test_while_the_provider_is_away_the_keys_known_before_go_on(tmp_path: Path) -> None:
    with published(tmp_path) as files:
        files.keys(public("one", ED))
        provider = Provider(files.issuer, AUDIENCE, "sub", pause=0)
        token = files.sign("one", ED, "EdDSA")
        assert provider.verify(token)
    assert provider.verify(token)
    refuse(provider, files.sign("two", ED, "EdDSA"))
    with pytest.raises(ProviderUnavailable):
        Provider(files.issuer, AUDIENCE, "sub").verify(token)


def test_the_settings_name_the_provider() -> None:
    assert Provider.of(Settings()) is None
    found = Provider.of(Settings(oidc_issuer="https://id.example.org"))
    assert found is not None
    assert found.issuer == "https://id.example.org"
    assert (found._claim, found._accepted, found.admin) == ("sub", "at+jwt", False)
    environment = {"KEYLINE_OIDC_ISSUER": found.issuer, "KEYLINE_OIDC_TOKENS": "jwt"}
    chosen = Provider.of(Settings.read(environment | {"KEYLINE_OIDC_ADMIN": "1"}))
    assert chosen is not None
    assert (chosen._accepted, chosen.admin) == ("jwt", True)
    with pytest.raises(SettingsError):
        Settings.read({"KEYLINE_OIDC_TOKENS": "id"})
    with pytest.raises(SettingsError):
        Settings.read({"KEYLINE_OIDC_ISSUER": "http://id.example.org"})
