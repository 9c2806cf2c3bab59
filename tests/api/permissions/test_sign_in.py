"""Signing in: passwords, their change, sessions and their end, over HTTP."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import sqlalchemy as sa

from adapters.identity.rate_limit import PAIR, attempts
from adapters.journal.journal import Journal
from adapters.settings import Settings
from tests.api.asking import problem
from tests.api.conftest import KEY, serving
from tests.identity_provider import IdentityProvider, identity_provider

GOOD = "a long and winding road"
ADMINISTRATOR = {"Authorization": f"Bearer {KEY}"}

_numbers = itertools.count(1)


def engage(client: httpx.Client, **fields: Any) -> str:
    """Engage an employee without a password; returns the code."""
    code = f"employee.{next(_numbers)}"
    body = {"code": code, "name": code, "unit": "group"} | fields
    answer = client.post("/employees", json=body)
    assert answer.status_code == 201, answer.text
    return code


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def sign_in(client: httpx.Client, code: str, password: str = GOOD) -> httpx.Response:
    return client.post("/sign-in", json={"employee": code, "password": password})


def refresh(client: httpx.Client, tokens: dict[str, Any]) -> httpx.Response:
    return client.post("/sign-in/refresh", json={"refresh_token": tokens["refresh_token"]})


def me(client: httpx.Client, tokens: dict[str, Any]) -> httpx.Response:
    return client.get("/me", headers=bearer(tokens))


def record(client: httpx.Client, code: str) -> str:
    """Return the id of an employee's record."""
    position = client.get("/readyz").json()["position"]
    ask = {"code": code, "min_position": position}
    (found,) = client.get("/employees", params=ask).json()["items"]
    return str(found["id"])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for these tests alone: failures to sign in count for all from one address."""
    folder = tmp_path_factory.mktemp("sign-in")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as found:
        yield found


@pytest.fixture
def person(client: httpx.Client, stranger: httpx.Client) -> tuple[str, dict[str, Any]]:
    """An employee with a password of their own, who has signed in: the code and the tokens."""
    code = engage(client)
    first = secrets.token_urlsafe()
    assert client.post(f"/employees/{code}/password", json={"password": first}).status_code == 204
    tokens = sign_in(stranger, code, first).json()
    change = {"old": first, "new": GOOD}
    answer = stranger.post("/me/password", json=change, headers=bearer(tokens))
    assert answer.status_code == 200, answer.text
    return code, answer.json()


def test_an_employee_signs_in_and_is_known_by_the_token(
    stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, _ = person
    answer = sign_in(stranger, code)
    tokens = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    found = me(stranger, tokens).json()
    assert (found["actor"], found["unit"], found["on_behalf_of"]) == (code, "group", None)
    assert found["credential"].startswith("password:")


def test_a_password_that_somebody_else_set_opens_nothing_but_its_change(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    code = engage(client)
    client.post(f"/employees/{code}/password", json={"password": GOOD})
    tokens = sign_in(stranger, code).json()
    assert tokens["password_change_required"] is True
    assert "refresh_token" not in tokens
    headers = bearer(tokens)
    for path in ("/me", "/employees", "/nowhere"):
        problem(stranger.get(path, headers=headers), 403, "password-change-required")
    answer = stranger.post("/customers", json={}, headers=headers)
    problem(answer, 403, "password-change-required")
    change = {"old": GOOD, "new": "a road of my own"}
    mine = stranger.post("/me/password", json=change, headers=headers).json()
    assert me(stranger, mine).status_code == 200
    problem(me(stranger, tokens), 401, "unauthenticated")
    assert "password_change_required" not in sign_in(stranger, code, change["new"]).json()


def test_whatever_is_wrong_the_answer_is_the_same(
    client: httpx.Client, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, _ = person
    without = engage(client)
    gone = engage(client)
    client.post(f"/employees/{gone}/password", json={"password": GOOD})
    client.post(f"/employees/{record(client, gone)}/leave", json={"reason": "retired"})
    answers = [
        sign_in(stranger, code, "not the password"),
        sign_in(stranger, "nobody-of-this-name"),
        sign_in(stranger, without),
        sign_in(stranger, gone),
    ]
    documents = [problem(answer, 401, "unauthenticated") for answer in answers]
    assert all(document == documents[0] for document in documents)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"employee": "x"},
        {"employee": "x", "password": "y", "more": 1},
        {"employee": 1, "password": "y"},
        {"employee": "x\x00", "password": "y"},
        {"employee": "x", "password": ""},
        {"employee": "x" * 65, "password": "y"},
        {"employee": "x", "password": "y" * 1025},
    ],
    ids=lambda body: ",".join(body),
)
def test_a_body_of_another_shape_is_refused_without_repeating_it(
    stranger: httpx.Client, body: dict[str, Any]
) -> None:
    found = problem(stranger.post("/sign-in", json=body), 422, "invalid-body")
    assert found["errors"][0]["pointer"] in ("/employee", "/password", "/more")
    assert "y" * 20 not in str(found)


def test_a_body_that_is_no_json_or_too_large_is_refused(stranger: httpx.Client) -> None:
    problem(stranger.post("/sign-in", content=b"\xff{"), 400, "malformed-body")
    problem(stranger.post("/sign-in", content=b" " * 20_000), 413, "body-too-large")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = stranger.post("/sign-in", content=b"employee=x", headers=form)
    problem(answer, 415, "unsupported-media-type")
    problem(stranger.get("/sign-in"), 405, "method-not-allowed")


def test_refresh_tokens_are_good_once_and_a_copy_ends_the_session(
    stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, first = person
    second = refresh(stranger, first).json()
    third = refresh(stranger, second).json()
    assert me(stranger, first).status_code == me(stranger, third).status_code == 200
    other = sign_in(stranger, code).json()
    problem(refresh(stranger, first), 401, "unauthenticated")
    for tokens in (first, second, third):
        problem(me(stranger, tokens), 401, "unauthenticated")
    problem(refresh(stranger, third), 401, "unauthenticated")
    assert me(stranger, other).status_code == 200
    made_up = {"refresh_token": third["refresh_token"][:-1] + "!"}
    problem(refresh(stranger, made_up), 401, "unauthenticated")


def test_two_tabs_that_renew_at_once_both_go_on(
    address: str, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    _, tokens = person

    def renew(_: int) -> httpx.Response:
        with httpx.Client(base_url=address, trust_env=False) as tab:
            return refresh(tab, tokens)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(renew, range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert all(me(stranger, answer.json()).status_code == 200 for answer in answers)
    assert refresh(stranger, answers[-1].json()).status_code == 200


def test_signing_out_ends_this_session_at_once_and_no_other(
    stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    other = sign_in(stranger, code).json()
    assert stranger.post("/sign-out", headers=bearer(tokens)).status_code == 204
    problem(me(stranger, tokens), 401, "unauthenticated")
    answer = stranger.post("/customers", json={}, headers=bearer(tokens))
    problem(answer, 401, "unauthenticated")
    problem(refresh(stranger, tokens), 401, "unauthenticated")
    assert me(stranger, other).status_code == 200
    problem(stranger.post("/sign-out", headers=ADMINISTRATOR), 403, "forbidden")


def test_the_end_of_all_sessions_holds_from_the_next_request_on(
    client: httpx.Client, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    path = f"/employees/{record(client, code)}/end-sessions"
    assert client.post(path, json={"reason": "a lost telephone"}).status_code == 200
    problem(me(stranger, tokens), 401, "unauthenticated")
    problem(refresh(stranger, tokens), 401, "unauthenticated")
    assert me(stranger, sign_in(stranger, code).json()).status_code == 200


def test_who_leaves_is_out_and_stays_out_of_old_sessions_when_engaged_again(
    client: httpx.Client, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    path = f"/employees/{record(client, code)}"
    client.post(f"{path}/leave", json={"reason": "retired"})
    problem(me(stranger, tokens), 401, "unauthenticated")
    problem(sign_in(stranger, code), 401, "unauthenticated")
    assert client.post(f"{path}/reengage", json={"unit": "group"}).status_code == 200
    problem(me(stranger, tokens), 401, "unauthenticated")
    problem(refresh(stranger, tokens), 401, "unauthenticated")
    assert sign_in(stranger, code).status_code == 200


def test_a_change_of_password_ends_all_other_sessions(
    stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    other = sign_in(stranger, code).json()
    change = {"old": GOOD, "new": "quite another road"}
    answer = stranger.post("/me/password", json=change, headers=bearer(tokens))
    assert me(stranger, answer.json()).status_code == 200
    for old in (tokens, other):
        problem(me(stranger, old), 401, "unauthenticated")
    problem(sign_in(stranger, code), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("old", "new", "status", "name"),
    [
        ("not the password", "quite another road", 403, "wrong-password"),
        (GOOD, "short", 422, "weak-password"),
        (GOOD, GOOD, 422, "weak-password"),
        (GOOD, "password1234", 422, "weak-password"),
        (GOOD, "my keyline password", 422, "weak-password"),
    ],
)
def test_a_change_of_password_that_is_refused_changes_nothing(
    stranger: httpx.Client,
    person: tuple[str, dict[str, Any]],
    old: str,
    new: str,
    status: int,
    name: str,
) -> None:
    code, tokens = person
    body = {"old": old, "new": new}
    problem(stranger.post("/me/password", json=body, headers=bearer(tokens)), status, name)
    assert me(stranger, tokens).status_code == 200
    assert sign_in(stranger, code).status_code == 200


def test_a_password_is_set_by_those_who_may_and_for_those_who_are_there(
    client: httpx.Client, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    body = {"password": "whatever road it is"}
    problem(client.post("/employees/nobody/password", json=body), 404, "unknown-id")
    problem(client.post(f"/employees/{code}/password", json={}), 422, "invalid-body")
    weak = client.post(f"/employees/{code}/password", json={"password": code})
    problem(weak, 422, "weak-password")
    headers = bearer(tokens)
    answer = stranger.post("/employees/admin/password", json=body, headers=headers)
    problem(answer, 404, "unknown-id")  # out of sight
    answer = stranger.post(f"/employees/{code}/password", json=body, headers=headers)
    problem(answer, 403, "not-permitted")
    assert me(stranger, tokens).status_code == 200


def test_nobody_sets_the_password_of_somebody_who_may_more(
    client: httpx.Client, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    role = f"helper-{code.partition('.')[2]}"
    permissions = ["employee.read", "employee.set-password"]
    body = {"code": role, "name": "Helper", "permissions": permissions, "unit": "group"}
    assert client.post("/roles", json=body).status_code == 201
    grant = {"employee": code, "role": role, "unit": "group", "reason": "helps"}
    assert client.post("/grants", json=grant).status_code == 201
    other, headers = engage(client), bearer(tokens)
    password = {"password": GOOD}
    answer = stranger.post("/employees/admin/password", json=password, headers=headers)
    problem(answer, 403, "not-permitted")
    path = f"/employees/{other}/password"
    assert stranger.post(path, json=password, headers=headers).status_code == 204
    more = {"employee": other, "role": "analyst", "unit": "group", "reason": "analyses"}
    assert client.post("/grants", json=more).status_code == 201
    problem(stranger.post(path, json=password, headers=headers), 403, "not-permitted")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[Settings, str]]:
    """A server of its own, so that failures to sign in count for this test alone."""
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with serving(settings) as address:
        yield settings, address


def with_password(address: str) -> tuple[str, dict[str, Any]]:
    """Engage an employee who has signed in by a password set for once."""
    with httpx.Client(base_url=address, headers=ADMINISTRATOR, trust_env=False) as client:
        code = engage(client)
        client.post(f"/employees/{code}/password", json={"password": GOOD})
        return code, sign_in(client, code).json()


def test_guessing_is_slowed_down_and_told_when_to_come_again(alone: tuple[Settings, str]) -> None:
    _, address = alone
    with httpx.Client(base_url=address, trust_env=False) as client:
        for code in (with_password(address)[0], "nobody-of-this-name"):
            refused = 0
            while (answer := sign_in(client, code, f"guess {refused}")).status_code == 401:
                refused += 1
            assert refused >= PAIR.free
            problem(answer, 429, "too-many-attempts")
            assert int(answer.headers["retry-after"]) >= 1


def test_a_known_device_and_a_new_password_end_the_wait_that_others_made(
    alone: tuple[Settings, str],
) -> None:
    _, address = alone
    code, tokens = with_password(address)
    device = {"device_token": tokens["device_token"]}
    given = {"employee": code, "password": GOOD}
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        while (answer := sign_in(client, code, "a colleague's guess")).status_code == 401:
            pass
        problem(answer, 429, "too-many-attempts")
        problem(sign_in(client, code), 429, "too-many-attempts")
        answer = client.post("/sign-in", json=given | device)
        assert answer.status_code == 200, answer.text
        assert answer.json()["device_token"] == device["device_token"]
        made_up = client.post("/sign-in", json=given | {"device_token": "kd_made-up"})
        problem(made_up, 429, "too-many-attempts")
        problem(client.post("/sign-in", json=given | {"device_token": 7}), 422, "invalid-body")
        other = {"password": "another long road"}
        path = f"/employees/{code}/password"
        assert client.post(path, json=other, headers=ADMINISTRATOR).status_code == 204
        assert sign_in(client, code, other["password"]).status_code == 200


def test_several_processes_count_and_revoke_together(alone: tuple[Settings, str]) -> None:
    settings, address = alone
    code, tokens = with_password(address)
    journal = Journal(settings.journal_url)
    mine = attempts.c.employee == code, attempts.c.address == "127.0.0.1"
    with serving(replace(settings)) as second:
        both = [httpx.Client(base_url=each, trust_env=False) for each in (address, second)]
        for client in both:
            problem(sign_in(client, code, "wrong"), 401, "unauthenticated")
        with journal.engine.begin() as connection:
            assert connection.scalar(sa.select(attempts.c.failures).where(*mine)) == len(both)
            connection.execute(attempts.update().where(*mine).values(failures=40))
        change = {"old": GOOD, "new": "a road of my own"}
        for client in both:
            problem(sign_in(client, code, "wrong"), 429, "too-many-attempts")
            weak = change | {"new": "short"}  # whoever is signed in does not wait for strangers
            refused = client.post("/me/password", json=weak, headers=bearer(tokens))
            problem(refused, 422, "weak-password")
            problem(me(client, tokens), 403, "password-change-required")
        assert both[0].post("/sign-out", headers=bearer(tokens)).status_code == 204
        for client in both:
            problem(me(client, tokens), 401, "unauthenticated")
            client.close()
    journal.close()


def test_a_key_revoked_by_one_process_opens_nothing_in_another(
    alone: tuple[Settings, str],
) -> None:
    settings, address = alone
    with (
        serving(replace(settings)) as second,
        httpx.Client(base_url=address, headers=ADMINISTRATOR, trust_env=False) as here,
        httpx.Client(base_url=second, trust_env=False) as there,
    ):
        body = {"name": "billing", "role": "administrator", "unit": "group"}
        issued = here.post("/api-keys", json=body).json()
        there.headers["Authorization"] = f"Bearer {issued['key']}"
        me = there.get("/me").json()
        assert (me["actor"], me["actor_kind"]) == (issued["id"], "key")
        assert (me["name"], [each["role"] for each in me["roles"]]) == (
            "billing",
            ["administrator"],
        )
        for _ in range(2):
            engage(there)
        path = f"/api-keys/{issued['id']}/revoke"
        assert here.post(path, json={"reason": "no longer needed"}).status_code == 200
        body = {"code": "one.more", "name": "One more", "unit": "group"}
        problem(there.post("/employees", json=body), 401, "unauthenticated")
        problem(there.get("/me"), 401, "unauthenticated")
        line = '{"command": "employee.engage", "body": {}}'
        problem(there.post("/commands", content=line), 401, "unauthenticated")


@pytest.mark.postgres
def test_signing_in_and_out_is_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, journal=postgres_url)
    with serving(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        code, first = with_password(address)
        change = {"old": GOOD, "new": "a road of my own"}
        tokens = client.post("/me/password", json=change, headers=bearer(first)).json()
        problem(me(client, first), 401, "unauthenticated")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: me(client, tokens), range(40)))
        assert {answer.status_code for answer in answers} == {200}
        following = refresh(client, tokens).json()
        assert client.post("/sign-out", headers=bearer(following)).status_code == 204
        problem(me(client, following), 401, "unauthenticated")
        problem(sign_in(client, code), 401, "unauthenticated")


def test_a_deputy_acts_by_the_permissions_of_another_while_the_delegation_lasts(
    client: httpx.Client, stranger: httpx.Client, person: tuple[str, dict[str, Any]]
) -> None:
    code, tokens = person
    headers = bearer(tokens) | {"On-Behalf-Of": "admin"}
    body = {"name": "A customer", "unit": "group"}
    problem(stranger.post("/customers", json=body, headers=headers), 403, "not-delegated")
    now = datetime.now(UTC)
    given = {"principal": "admin", "deputy": code, "reason": "on leave"}
    given["starts"] = (now - timedelta(minutes=1)).isoformat()
    given["until"] = (now + timedelta(days=1)).isoformat()
    delegation = client.post("/delegations", json=given)
    assert delegation.status_code == 201, delegation.text
    own, theirs = (
        stranger.get("/me", headers=each).raise_for_status().json()
        for each in (bearer(tokens), headers)
    )
    assert (own["actor"], own["name"], own["unit_name"]) == (code, code, "集团")
    assert (own["on_behalf_name"], own["roles"]) == (None, [])
    assert (theirs["on_behalf_of"], theirs["on_behalf_name"]) == ("admin", "Administrator")
    (role,) = theirs["roles"]
    assert (role["role_name"], role["unit_name"], role["until"]) == ("Administrator", "集团", None)
    (lent,) = own["delegations"]["received"]
    assert (lent["id"], lent["principal_name"]) == (delegation.json()["id"], "Administrator")
    assert datetime.fromisoformat(lent["until"]) == datetime.fromisoformat(given["until"])
    assert lent in client.get("/me").json()["delegations"]["given"]
    made = stranger.post("/customers", json=body, headers=headers)
    assert made.status_code == 201, made.text
    (event,) = client.get(f"/customers/{made.json()['id']}/history").json()["items"]
    assert (event["actor"], event["on_behalf_of"]) == (code, "admin")
    path = f"/delegations/{delegation.json()['id']}/withdraw"
    assert client.post(path, json={"reason": "back again"}).status_code == 200
    problem(stranger.post("/customers", json=body, headers=headers), 403, "not-delegated")
    problem(stranger.get("/customers", headers=headers), 403, "not-delegated")
    assert me(stranger, tokens).json()["delegations"] == {"given": [], "received": []}


def test_many_at_once_are_answered_without_a_server_error(alone: tuple[Settings, str]) -> None:
    _, address = alone
    code, _ = with_password(address)

    def attempt(number: int) -> int:
        password = GOOD if number % 2 else "wrong"
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            return sign_in(client, code, password).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(attempt, range(48)))
    assert {200, 401} <= set(statuses) <= {200, 401, 429}


def test_no_secret_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with serving(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        code, first = with_password(address)
        change = {"old": GOOD, "new": "a road of my own"}
        tokens = client.post("/me/password", json=change, headers=bearer(first)).json()
        sign_in(client, "My-Secret-Typed-Here", "another-secret-of-mine")
        following = refresh(client, refresh(client, tokens).json()).json()
        refresh(client, tokens)
        problem(me(client, following), 401, "unauthenticated")
        last = sign_in(client, code, change["new"]).json()
        client.post("/sign-out", headers=bearer(last))
    seen = capsys.readouterr()
    text = seen.out + seen.err
    for event in ("password-set", "password-changed", "signed-in", "sign-in-refused"):
        assert event in text
    for event in ("refresh-reused", "signed-out"):
        assert event in text
    secret = [KEY, *change.values(), "My-Secret-Typed-Here", "another-secret-of-mine"]
    secret += [each["access_token"] for each in (first, tokens, following, last)]
    for each in (tokens, following, last):
        secret += [each["refresh_token"], *each["refresh_token"].split("_")[2:]]
    assert not [each for each in secret if each in text]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with identity_provider(tmp_path_factory.mktemp("provider")) as found:
        yield found


def test_an_outside_provider_signs_employees_in(tmp_path: Path, provider: IdentityProvider) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, oidc_issuer=provider.issuer)
    settings = replace(settings, oidc_tokens="jwt")
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
    ):
        given = provider.tokens("li.wei")
        token = given["access_token"]
        tokens = {"access_token": token}
        problem(me(client, tokens), 401, "unauthenticated")  # known there, but not here
        body = {"code": "li.wei", "name": "Li Wei", "unit": "group"}
        made = client.post("/employees", json=body, headers=ADMINISTRATOR).json()
        found = me(client, tokens).json()
        assert (found["actor"], found["credential"]) == ("li.wei", f"oidc:{provider.issuer}")
        for other in ("id_token", "refresh_token"):
            problem(me(client, {"access_token": given[other]}), 401, "unauthenticated")
        expired = {"access_token": provider.token("li.wei", minutes=-5)}
        problem(me(client, expired), 401, "unauthenticated")
        head, claims, _ = token.split(".")
        forged = {"access_token": f"{head}.{claims}."}
        problem(me(client, forged), 401, "unauthenticated")
        ours = jwt.encode({"iss": "keyline", "sub": "admin"}, "x" * 32, headers={"kid": "x"})
        problem(me(client, {"access_token": ours}), 401, "unauthenticated")
        problem(client.post("/sign-out", headers=bearer(tokens)), 403, "forbidden")
        leaving = {"reason": "retired"}
        client.post(f"/employees/{made['id']}/leave", json=leaving, headers=ADMINISTRATOR)
        problem(me(client, tokens), 401, "unauthenticated")


def test_no_token_of_a_provider_is_the_administrators_unless_a_setting_says_so(
    tmp_path: Path, provider: IdentityProvider
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, oidc_issuer=provider.issuer)
    settings = replace(settings, oidc_tokens="jwt")
    tokens = {"access_token": provider.token("admin")}
    for admin, status in ((False, 401), (True, 200)):
        with (
            serving(replace(settings, oidc_admin=admin)) as address,
            httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
        ):
            assert me(client, tokens).status_code == status
            body = {"name": "A customer", "unit": "group"}
            made = client.post("/customers", json=body, headers=bearer(tokens))
            assert made.status_code == (201 if admin else 401)
            for code in ("ADMIN", "ａｄｍｉｎ"):
                alike = {"access_token": provider.token(code)}
                problem(me(client, alike), 401, "unauthenticated")


def test_a_provider_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, oidc_issuer="http://127.0.0.1:9")
    claims = {"iss": "http://127.0.0.1:9", "aud": "keyline", "sub": "li.wei"}
    token = jwt.encode(claims, "x" * 32, headers={"kid": "x"})
    with serving(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        answer = me(client, {"access_token": token})
        problem(answer, 503, "provider-unavailable")
        assert answer.headers["retry-after"] == "1"
        assert client.get("/me", headers=ADMINISTRATOR).status_code == 200


def test_the_address_behind_a_proxy_is_the_clients_if_the_proxy_is_ours(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, proxies="127.0.0.1")
    with serving(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        for number in range(2 * PAIR.free):
            forwarded = {"X-Forwarded-For": f"192.0.2.{number}"}
            body = {"employee": "x", "password": "y"}
            answer = client.post("/sign-in", json=body, headers=forwarded)
            problem(answer, 401, "unauthenticated")
        outside = {"X-Forwarded-For": "192.0.2.1"}
        assert client.get("/metrics").status_code == 200
        problem(client.get("/metrics", headers=outside), 401, "unauthenticated")
