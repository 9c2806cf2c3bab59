"""Access tokens: ours, unaltered, in time, and signed by a key that all processes know."""

import base64
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from adapters.identity import access_tokens as module
from adapters.identity.access_tokens import ALGORITHM, ISSUER, LIFETIME, BadToken, Tokens
from adapters.identity.administrator_key import keys
from adapters.identity.signing_secrets import TOKENS, SigningSecrets
from adapters.journal.journal import Journal
from adapters.privacy.master_keys import MasterKeys
from adapters.privacy.person_keys import PersonKeys
from adapters.refusals import Unavailable
from domain.kernel.aggregate import new_id
from tests.adapters.keyring import keys_in


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    journal = Journal(journal_url)
    journal.create()
    yield journal.engine
    journal.close()


@pytest.fixture
def secrets(engine: sa.Engine, tmp_path: Path) -> Iterator[SigningSecrets]:
    persons = keys_in(tmp_path)
    yield SigningSecrets(engine, persons)
    persons.close()


@pytest.fixture
def ours(secrets: SigningSecrets) -> Tokens:
    return Tokens(secrets)


def secret(secrets: SigningSecrets, token: str) -> bytes:
    return secrets.one(TOKENS + jwt.get_unverified_header(token)["kid"])


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


def test_every_process_knows_the_keys_of_the_others(ours: Tokens, secrets: SigningSecrets) -> None:
    other = Tokens(secrets)
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


def aged(seconds: float) -> str:
    """Return the name of a key that was made so many seconds ago."""
    past = f"{int((time.time() - seconds) * 1000):012x}"
    return f"{past[:8]}-{past[8:]}-{new_id()[14:]}"


def test_a_key_signs_for_a_month_and_is_then_forgotten(
    secrets: SigningSecrets, engine: sa.Engine
) -> None:
    old = aged(2 * module.AGE)
    secrets.add(TOKENS + old)
    key = secrets.one(TOKENS + old)
    ours = Tokens(secrets)
    fresh = jwt.get_unverified_header(ours.issue("li.wei", "s", 0))["kid"]
    assert fresh != old
    with engine.connect() as connection:
        assert connection.scalars(sa.select(keys.c.name)).all() == [TOKENS + fresh]
    token = jwt.encode(said(ours.issue("li.wei", "s", 0)), key, ALGORITHM, headers={"kid": old})
    with pytest.raises(BadToken, match="key"):
        ours.verify(token)


def test_a_machine_that_has_not_the_new_master_key_yet_goes_on_with_what_it_knows(
    engine: sa.Engine, tmp_path: Path
) -> None:
    first = keys_in(tmp_path, f"sqlite:///{tmp_path / 'keys.db'}")
    behind = PersonKeys(f"sqlite:///{tmp_path / 'keys.db'}", MasterKeys(tmp_path / "copy.key"))
    shutil.copy(tmp_path / "master.key", tmp_path / "copy.key")
    behind.create()
    here, there = Tokens(SigningSecrets(engine, first)), Tokens(SigningSecrets(engine, behind))
    first.rotate(others=SigningSecrets(engine, first).rewrap)
    there._look()
    token = there.issue("li.wei", "s", 0)
    assert here.verify(token) == there.verify(token)
    with pytest.raises(Unavailable):
        there.rotate()
    first.close()
    behind.close()


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
    ours: Tokens, secrets: SigningSecrets, changes: dict[str, Any]
) -> None:
    token = ours.issue("li.wei", "s", 0)
    claims = {name: v for name, v in (said(token) | changes).items() if v is not None}
    header = {"kid": jwt.get_unverified_header(token)["kid"]}
    key = secret(secrets, token)
    bad = jwt.api_jws.encode(json.dumps(claims).encode(), key, ALGORITHM, headers=header)
    with pytest.raises(BadToken):
        ours.verify(bad)


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_an_altered_or_unsigned_token_is_refused(ours: Tokens, secrets: SigningSecrets) -> None:
    token = ours.issue("li.wei", "s", 0)
    head, body, signature = token.split(".")
    kid = {"kid": jwt.get_unverified_header(token)["kid"]}
    promoted = part(said(token) | {"sub": "admin"})
    key = secret(secrets, token)
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
