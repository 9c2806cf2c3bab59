"""Kinds of tokens: which of those that a provider signs are access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from adapters.identity.access_tokens import BadToken

Accepted = Literal["at+jwt", "jwt"]
"""`at+jwt`: what its header calls an access token (RFC 9068). `jwt`: what its claims show to be
one too, for providers that call all their tokens `JWT`."""

_NEVER = ("events", "at_hash", "c_hash", "s_hash")
"""Claims that logout tokens and other notices have, and ID tokens."""

_SAYS_KIND = ("typ", "token_use", "token_type")
"""Claims by which providers tell their tokens apart."""

_ACCESS = frozenset({"access", "access_token", "at+jwt", "bearer"})

_FOR_ACCESS = ("scope", "scp", "client_id")
"""Claims that access tokens have and ID tokens have not."""


def require_access(accepted: Accepted, header: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Raise `BadToken` unless a token, by its header and what it says, is an access token."""
    kind = str(header.get("typ", "JWT")).lower().removeprefix("application/")
    if kind != "at+jwt" and (accepted == "at+jwt" or kind != "jwt"):
        raise BadToken(f"Its type is {kind!r}, not that of an access token.")
    for name in _NEVER:
        if name in said:
            raise BadToken(f"Its claim {name!r} is not one of an access token.")
    kinds = {str(said[name]).lower() for name in _SAYS_KIND if name in said}
    if not kinds <= _ACCESS:
        raise BadToken("It says that it is a token of another kind, as for refresh.")
    if kind == "at+jwt" or kinds:
        return
    if "nonce" in said or not any(said.get(name) for name in _FOR_ACCESS):
        raise BadToken("Nothing in it shows that it is an access token.")
