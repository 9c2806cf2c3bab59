"""Kinds of tokens: of all that providers sign, only access tokens are believed."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.identity.access_tokens import BadToken
from adapters.identity.token_kinds import Accepted, require_access

LOGOUT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}

ACCESS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "Keycloak": ("JWT", {"typ": "Bearer", "azp": "crm", "scope": "openid"}),
    "Keycloak of before, with a nonce": ("JWT", {"typ": "Bearer", "azp": "crm", "nonce": "n"}),
    "Cognito": (None, {"token_use": "access", "client_id": "crm", "scope": "openid"}),
    "Entra ID": ("JWT", {"scp": "access_as_user", "azp": "crm", "ver": "2.0"}),
    "Auth0": ("JWT", {"scope": "openid profile", "azp": "crm"}),
    "Okta": (None, {"scp": ["openid"], "cid": "crm"}),
}
"""What access tokens that call themselves `JWT`, or nothing, look like."""

OTHERS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "an ID token of Keycloak": ("JWT", {"typ": "ID", "azp": "crm", "auth_time": 1}),
    "an ID token of Cognito": (None, {"token_use": "id"}),
    "an ID token with a nonce": ("JWT", {"nonce": "n", "scope": "openid"}),
    "an ID token by the hash of its access token": ("JWT", {"at_hash": "h", "scope": "openid"}),
    "an ID token by the hash of its code": ("JWT", {"c_hash": "h", "scope": "openid"}),
    "an ID token that says nothing": ("JWT", {"azp": "crm", "auth_time": 1, "acr": "1"}),
    "an ID token with an empty scope": ("JWT", {"scope": "", "azp": "crm"}),
    "a logout token": ("JWT", {"events": LOGOUT, "sid": "s", "client_id": "crm"}),
    "a logout token that says so": ("logout+jwt", {"events": LOGOUT, "sid": "s"}),
    "a logout token of Keycloak": ("JWT", {"typ": "Logout", "events": LOGOUT}),
    "a refresh token": ("JWT", {"typ": "Refresh", "scope": "openid"}),
    "an offline token": ("JWT", {"typ": "Offline", "scope": "openid"}),
    "a refresh token that is of two kinds": ("JWT", {"typ": "Bearer", "token_type": "refresh"}),
    "a security event": ("secevent+jwt", {"scope": "openid"}),
    "a request object": ("oauth-authz-req+jwt", {"client_id": "crm", "scope": "openid"}),
    "a proof of possession": ("dpop+jwt", {"scope": "openid"}),
    "an answer of introspection": ("token-introspection+jwt", {"scope": "openid"}),
    "a kind that is a list": ("JWT", {"typ": ["Bearer"], "scope": "openid"}),
}


def header(kind: Any) -> dict[str, Any]:
    return {} if kind is None else {"typ": kind}


@pytest.mark.parametrize("name", ACCESS)
def test_an_access_token_called_a_jwt_is_believed_where_it_was_chosen(name: str) -> None:
    kind, said = ACCESS[name]
    require_access("jwt", header(kind), said)
    with pytest.raises(BadToken):
        require_access("at+jwt", header(kind), said)


@pytest.mark.parametrize("accepted", ["at+jwt", "jwt"])
@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_what_is_called_an_access_token_is_believed(accepted: Accepted, kind: str) -> None:
    require_access(accepted, header(kind), {"client_id": "crm"})
    require_access(accepted, header(kind), {})


@pytest.mark.parametrize("accepted", ["at+jwt", "jwt"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_token_of_another_kind_is_refused(accepted: Accepted, name: str) -> None:
    kind, said = OTHERS[name]
    with pytest.raises(BadToken):
        require_access(accepted, header(kind), said)


@pytest.mark.parametrize("kind", ["", "jwt2", "at+jwt+jwt", 7, ["at+jwt"], {"at+jwt": 1}])
def test_a_type_that_is_none_is_refused(kind: Any) -> None:
    with pytest.raises(BadToken):
        require_access("jwt", header(kind), {"scope": "openid"})


@pytest.mark.parametrize("said", [{"events": LOGOUT}, {"at_hash": "h"}, {"token_use": "id"}])
def test_its_name_alone_does_not_make_an_access_token(said: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        require_access("at+jwt", header("at+jwt"), said)
