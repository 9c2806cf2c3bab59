"""A real OpenID Connect provider in a process of its own, for tests."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from adapters.local.process import LocalProcess, free_port

AUDIENCE = "keyline"
CLIENT = ("keyline-tests", "the-secret-of-the-client")
OTHER_CLIENT = ("somebody-else", "another-secret")

_SETTINGS = """
config_version: 1
server: {{host: "127.0.0.1", port: {port}}}
oauth:
  issuer: "http://127.0.0.1:{port}"
  audience: "{audience}"
  token_expiry_minutes: 60
  clients:
    - {{client_id: "{client[0]}", client_secret: "{client[1]}"}}
    - {{client_id: "{other[0]}", client_secret: "{other[1]}"}}
"""

_USERS = """
config_version: 1
users:
  admin: {password: "admin-password", email: "admin@example.org"}
  ADMIN: {password: "a-password", email: "capital@example.org"}
  ａｄｍｉｎ: {password: "a-password", email: "wide@example.org"}
  li.wei: {password: "li-wei-password", email: "li.wei@example.org"}
"""


class IdentityProvider:
    """The provider: its address, and the tokens that it gives out."""

    def __init__(self, issuer: str) -> None:
        """Talk to the provider at an address."""
        self.issuer = issuer
        self._client = httpx.Client(base_url=issuer, trust_env=False, timeout=30)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def tokens(self, user: str = "li.wei") -> dict[str, str]:
        """Sign a user in; returns an access token, an ID token and a refresh token."""
        form = {"grant_type": "password", "username": user, "scope": "openid"}
        form["password"] = f"{user.replace('.', '-')}-password"
        answer = self._client.post("/token", data=form, auth=CLIENT).raise_for_status()
        found: dict[str, str] = answer.json()
        return found

    def token(self, user: str = "li.wei", minutes: int = 60) -> str:
        """Return an access token for a user that is good for so many minutes, also negative."""
        path, body = f"/api/users/{user}/token", {"exp_minutes": minutes}
        answer = self._client.post(path, json=body).raise_for_status()
        return str(answer.json()["access_token"])

    def rotate(self) -> None:
        """Sign with a new key from now on; the one before still verifies."""
        self._client.post("/api/keys/rotate").raise_for_status()

    def public_keys(self) -> list[dict[str, str]]:
        """Return the public keys."""
        found: list[dict[str, str]] = self._client.get("/.well-known/jwks.json").json()["keys"]
        return found


@contextmanager
def identity_provider(folder: Path, people: Iterable[str] = ()) -> Iterator[IdentityProvider]:
    """Run a provider that keeps its settings and keys in a folder, and knows some more people."""
    port = free_port()
    config = folder / "config"
    config.mkdir(parents=True)
    settings = _SETTINGS.format(port=port, audience=AUDIENCE, client=CLIENT, other=OTHER_CLIENT)
    (config / "settings.yaml").write_text(settings, encoding="utf-8")
    more = "".join(f'  {each}: {{password: "a-password"}}\n' for each in people)
    (config / "users.yaml").write_text(_USERS + more, encoding="utf-8")
    provider = IdentityProvider(f"http://127.0.0.1:{port}")
    process = LocalProcess("provider", folder / "provider.log", stop_signal=signal.SIGTERM)

    def answers() -> bool:
        try:
            return bool(provider.public_keys())
        except httpx.TransportError:
            return False

    try:
        process.start([sys.executable, "-m", "nanoidp", "--config", str(config)], answers)
        yield provider
    finally:
        provider.close()
        process.stop()
