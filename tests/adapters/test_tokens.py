"""Access tokens: ours, unaltered, in time, and signed by a key that all processes know."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from adapters import tokens as module
from adapters.journal import Journal
from adapters.keys import keys
from adapters.tokens import ALGORITHM, ISSUER, LIFETIME, BadToken, Tokens
from domain.kernel import new_id


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    journal = Journal(database_url)
    journal.create()
    yield journal.engine
    journal.close()


@pytest.fixture
def ours(engine: sa.Engine) -> Tokens:
    return Tokens(engine)


def secret(engine: sa.Engine, token: str) -> bytes:
    name = jwt.get_unverified_header(token)["kid"]
    with engine.connect() as connection:
        found = connection.scalar(sa.select(keys.c.value).where(keys.c.name == f"token:{name}"))
    return bytes.fromhex(found or "")


def said(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_a_token_says_who_signed_in_when_and_for_how_long(ours: Tokens) -> None:
    since = time.time() - 60
    found = ours.verify(ours.issue("li.wei", "session", since))
    assert (found.employee, found.session, found.since, found.once) == (
        *("li.wei", "session", since),
        False,
    )
    assert found.until == pytest.approx(time.time() + LIFETIME, abs=60)
    assert ours.verify(ours.issue("li.wei", "session", since, once=True)).once


def test_every_process_knows_the_keys_of_the_others(ours: Tokens, engine: sa.Engine) -> None:
    other = Tokens(engine)
    assert other.verify(ours.issue("li.wei", "s", 0)).employee == "li.wei"
    other._looked = -module.PAUSE
    ours.rotate()
    assert other.verify(ours.issue("li.wei", "s", 0)).employee == "li.wei"


def test_what_an_older_key_signed_is_good_while_it_lasts(ours: Tokens) -> None:
    before = ours.issue("li.wei", "s", 0)
    ours.rotate()
    after = ours.issue("li.wei", "s", 0)
    kids = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
    assert kids == sorted(set(kids))
    assert ours.verify(before) is not None
    assert ours.verify(after) is not None


def test_a_key_signs_for_a_month_and_is_then_forgotten(ours: Tokens, engine: sa.Engine) -> None:
    token = ours.issue("li.wei", "s", 0)
    past = f"{int((time.time() - 2 * module.AGE) * 1000):012x}"
    old = f"{past[:8]}-{past[8:]}-{new_id()[14:]}"
    with engine.begin() as connection:
        connection.execute(keys.update().where(keys.c.name != "x").values(name=f"token:{old}"))
    aged = Tokens(engine)
    fresh = aged.issue("li.wei", "s", 0)
    assert jwt.get_unverified_header(fresh)["kid"] != old
    with engine.connect() as connection:
        names = connection.scalars(sa.select(keys.c.name)).all()
    assert names == [f"token:{jwt.get_unverified_header(fresh)['kid']}"]
    with pytest.raises(BadToken):
        aged.verify(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_000_000_000},
        {"iat": 9_000_000_000},
        {"nbf": 9_000_000_000},
        {"iss": "somebody else"},
        {"aud": "somebody else"},
        {"aud": None},
        {"iss": None},
        {"exp": None},
        {"sub": None},
        {"sid": None},
        {"auth_time": None},
        {"exp": "never"},
        {"sub": 7},
        {"sid": ["s"]},
    ],
    ids=json.dumps,
)
def test_a_token_with_a_wrong_claim_is_refused(
    ours: Tokens, engine: sa.Engine, changes: dict[str, Any]
) -> None:
    token = ours.issue("li.wei", "s", 0)
    claims = {name: v for name, v in (said(token) | changes).items() if v is not None}
    header = {"kid": jwt.get_unverified_header(token)["kid"]}
    key = secret(engine, token)
    bad = jwt.api_jws.encode(json.dumps(claims).encode(), key, ALGORITHM, headers=header)
    with pytest.raises(BadToken):
        ours.verify(bad)


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_an_altered_or_unsigned_token_is_refused(ours: Tokens, engine: sa.Engine) -> None:
    token = ours.issue("li.wei", "s", 0)
    head, body, signature = token.split(".")
    kid = {"kid": jwt.get_unverified_header(token)["kid"]}
    promoted = part(said(token) | {"sub": "admin"})
    key = secret(engine, token)
    longer = jwt.encode(said(token), key * 2, "HS512", headers=kid)
    for bad in (
        f"{head}.{promoted}.{signature}",
        f"{part({'alg': 'none', **kid})}.{promoted}.",
        f"{part({'alg': 'None', **kid})}.{promoted}.{signature}",
        f"{part({'alg': 'HS256'})}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        jwt.encode(said(token), b"x" * 32, ALGORITHM, headers=kid),
        jwt.encode(said(token), key, ALGORITHM, headers={"kid": "another"}),
        jwt.encode(said(token), key, ALGORITHM, headers={**kid, "crit": ["x"], "x": 1}),
        longer,
        "",
        "a.b.c",
        "\x00",
    ):
        with pytest.raises(BadToken):
            ours.verify(bad)


def test_tokens_are_for_nobody_else(ours: Tokens) -> None:
    claims = said(ours.issue("li.wei", "s", 0))
    assert (claims["iss"], claims["aud"]) == (ISSUER, ISSUER)
