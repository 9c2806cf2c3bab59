"""API keys: issued with what the server makes up, revoked once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from domain.kernel.commands import commands
from domain.kernel.types.sensitive import SECRET, sensitive_fields
from domain.permissions.api_key import (
    ApiKey,
    ApiKeyRevoked,
    KeyNameTaken,
    KeyPrefixTaken,
    KeyTermPassed,
)
from tests.domain.play import Step, play, plays
from tests.volume import examples


@pytest.fixture
def key() -> ApiKey:
    return ApiKey.issue("Call centre", "service-agent", "gd", "7k2m9x4q", "0" * 64)


def test_nobody_chooses_the_secret_of_a_key() -> None:
    issue = commands()["api-key.issue"]
    assert issue.issued == {"prefix", "digest"}
    for chosen in ({"prefix": "7k2m9x4q"}, {"digest": "0" * 64}):
        with pytest.raises(ValidationError):
            issue.body.model_validate({"name": "x", "role": "r", "unit": "gd"} | chosen)


def test_the_hash_of_a_key_is_a_secret() -> None:
    assert sensitive_fields("api-key.issued") == {"digest": SECRET}


def test_no_two_keys_begin_alike(key: ApiKey) -> None:
    assert key.claims == {KeyPrefixTaken: "7k2m9x4q", KeyNameTaken: "call centre"}
    key.revoke("Replaced")
    assert key.claims == {KeyPrefixTaken: "7k2m9x4q"}


def test_a_key_is_revoked_once(key: ApiKey) -> None:
    key.revoke("Lost")
    assert key.retired
    with pytest.raises(ApiKeyRevoked):
        key.revoke("Again")


def test_a_key_ends_after_it_is_issued() -> None:
    now, made_up = datetime.now(UTC), ("7k2m9x4q", "0" * 64)
    with pytest.raises(KeyTermPassed):
        ApiKey.issue("Call centre", "service-agent", "gd", *made_up, until=now)
    ApiKey.issue("Call centre", "service-agent", "gd", *made_up, until=now + timedelta(hours=1))


@given(plays(ApiKey))
@settings(max_examples=examples(20))
def test_whatever_happens_a_key_is_what_its_history_says(story: tuple[int, list[Step]]) -> None:
    play(ApiKey, *story)
