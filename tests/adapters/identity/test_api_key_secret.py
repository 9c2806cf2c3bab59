"""The keys of systems: no two alike, found by their beginning, recognised by all of it."""

import pytest

from adapters.identity.api_key_secret import digest_of, is_key, new_key, prefix_of


def test_a_key_is_found_by_its_prefix_and_recognised_by_its_digest() -> None:
    key = new_key()
    assert key.text.startswith(f"kl_{key.prefix}_")
    assert prefix_of(key.text) == key.prefix
    assert is_key(key.text, key.digest)


def test_a_key_changed_anywhere_is_another() -> None:
    key = new_key()
    for place in (4, len(key.text) - 1):
        other = key.text[:place] + ("a" if key.text[place] != "a" else "b") + key.text[place + 1 :]
        assert not is_key(other, key.digest)


def test_no_two_keys_are_alike() -> None:
    keys = [new_key() for _ in range(1000)]
    assert len({key.text for key in keys}) == len({key.digest for key in keys}) == 1000


@pytest.mark.parametrize(
    "text", ["", "kl_", "kl_short_x", "xx_7k2m9x4q_" + "a" * 43, "kl_大大大大大大大大_" + "a" * 43]
)
def test_what_is_no_key_of_a_system_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None
    assert not is_key(text, digest_of("another"))
