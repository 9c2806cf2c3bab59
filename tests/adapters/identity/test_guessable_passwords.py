"""Guessable passwords: common ones, and those that say whose they are, are refused."""

from __future__ import annotations

import secrets
import time

import pytest

from adapters.identity.guessable_passwords import is_common, says_whose


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "Passw0rd1234", "P@ssw0rd2026!", "password password", "admin1234567"),
        *("qwertyuiop12", "1qaz2wsx3edc", "qazwsxedcrfv", "qwertyqwerty", "zxcvbnm12345"),
        *("123456789012", "abcabcabcabc", "aaaabbbbcccc", "a" * 256, "abc" * 80, "password" * 30),
        *("iloveyou1234", "Welcome12345", "Summer2026!!", "administrator", "5201314520131"),
        *("dianxin12345", "ａ" * 12),
    ],
)
def test_a_password_that_is_tried_first_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        *(
            "a long and winding road",
            "correct horse battery",
            "a road of my own",
            "电信大厦三楼有咖啡",
        ),
        *("xK4$mPq9wLz2", "Tr0ub4dor&3xx", "Ångström units 电信"),
    ],
)
def test_words_that_do_not_belong_together_and_chance_are_not(password: str) -> None:
    assert not is_common(password)


def test_what_a_password_manager_makes_is_not_refused() -> None:
    assert not any(is_common(secrets.token_urlsafe(9)) for _ in range(500))


def test_no_password_takes_long_to_look_at() -> None:
    is_common("the lists are read")
    for password in ("4@8({[<369&#!1/|0$5+7%2" * 11, "ab" * 128, "aab" * 85, "password " * 28):
        began = time.process_time()
        is_common(password)
        assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("zixuan.zhao123", "zixuan.zhao"),
        ("my.Zixuan.Zhao", "zixuan.zhao"),
        ("zixuanzhao88", "zixuan.zhao"),
        ("of zhao the first", "zhao"),
        ("我是赵子轩，你呢？好", "赵子轩"),
        ("KeyLine in the sky", "keyline"),
        ("key line in the sky", "keyline"),
        ("a long and winding road", None),
    ],
)
def test_code_name_and_product_are_found_however_they_are_written(
    password: str, part: str | None
) -> None:
    assert says_whose(password, "zixuan.zhao", ["赵子轩"]) == part


def test_parts_that_are_in_many_words_are_not_looked_for() -> None:
    assert says_whose("weighing a lilac", "li.wei", ["Li Wei"]) is None
    assert says_whose("I am li-wei", "li.wei", []) == "li.wei"
