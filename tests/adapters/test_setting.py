"""One setting: what a text has to be, and that what is written is read as it was."""

from __future__ import annotations

import pytest

from adapters.setting import SettingsError, parse, written

GOOD = ("https://a.example.com", "http://localhost:5173", "http://[::1]:8080", "https://10.0.0.1")


def test_origins_are_listed_with_commas_and_written_as_they_are_read() -> None:
    found = parse("KEYLINE_ORIGINS", " , ".join(GOOD), frozenset)
    assert found == frozenset(GOOD)
    assert parse("KEYLINE_ORIGINS", written(found), frozenset) == found
    assert written(frozenset()) == ""
    assert (written(True), written(7), written("x")) == ("1", "7", "x")


@pytest.mark.parametrize(
    "text",
    [
        *("*", "https://a.example.com,*", "https://*.example.com", "null", "a.example.com", ","),
        *("https://a.example.com/", "https://A.example.com", "https://a.example.com:443"),
        *("http://localhost:80", "ftp://a.example.com", "https://me@a.example.com"),
        *("https://a.example.com?x", "https://", "https://a.example.com:0", "https://例.com"),
    ],
)
def test_what_no_browser_sends_as_an_origin_is_refused_in_words(text: str) -> None:
    with pytest.raises(SettingsError, match=r"KEYLINE_ORIGINS (has|names)"):
        parse("KEYLINE_ORIGINS", text, frozenset)


def test_every_page_is_not_allowed_and_the_refusal_says_why() -> None:
    with pytest.raises(SettingsError, match="every page ask with a person's credentials"):
        parse("KEYLINE_ORIGINS", "*", frozenset)
