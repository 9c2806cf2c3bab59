"""Every text of every command reads as it was meant: nothing in it is unseen or turns it around."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.kernel.types.text import Line, Prose
from tests.domain.fields import leaves

CONTROLS = [chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) == "Cc"]
ENDS = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"]
DIRECTIONS = [*"\u061c\u200e\u200f", *map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))]
UNSEEN = [*"\u00ad\u034f\u115f\u180e\u200b\u2060\u2061\u2800\u3164\ufeff\uffa0\ufff9", "\U000e0041"]
NONE_AT_ALL = ["\ufdd0", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"]
ODD = [*CONTROLS, *ENDS, *DIRECTIONS, *UNSEEN, *NONE_AT_ALL]

LINE, PROSE = TypeAdapter(Line), TypeAdapter(Prose)


def many_lines(text: str) -> bool:
    """Tell whether a character is one that long texts may have."""
    return text in "\n\t\r"


def test_no_text_of_any_command_takes_a_character_that_is_not_seen_or_misleads() -> None:
    texts = [leaf for leaf in leaves() if leaf.text]
    assert len(texts) > 100
    taken = {
        (str(leaf), f"{ord(odd):04X}")
        for leaf in texts
        for odd in ODD
        if leaf.fault(f"a{odd}b") is None
        and not (many_lines(odd) and any(k.get("maxLength") == 10_000 for k in leaf.kinds))
    }
    assert taken == set()


def test_the_fault_names_the_character_and_its_place() -> None:
    with pytest.raises(ValidationError, match=r"Character 3 is U\+202E \(RIGHT-TO-LEFT OVERRIDE\)"):
        LINE.validate_python("ab\u202ecd")


@pytest.mark.parametrize(
    "text",
    [
        "华为技术有限公司",
        "ＡＢＣ（中国）　有限公司",  # full-width forms and an ideographic space are kept
        "A\u00a0B",
        "O’Brien & Söhne – “Zürich”",
        "می\u200cخواهم",
        "क्\u200dष",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f\u200d🔥",
        "葛\U000e0100城",  # a variant of a character
        "\ue000某",  # private use: characters of names that Unicode does not have
        "𰻝𰻝面",
        "\U000323b0",  # for a Unicode that comes after this Python's
    ],
)
def test_what_people_write_in_any_script_is_kept_as_it_is(text: str) -> None:
    assert LINE.validate_python(text) == text
    assert PROSE.validate_python(text) == text


@pytest.mark.parametrize(
    "text", ["ad\u200dmin", "李\u200d", "\u200c李", "李 \u200d四", "a\u200c李"]
)
def test_a_joiner_stands_between_letters_that_may_need_it(text: str) -> None:
    with pytest.raises(ValidationError, match="U\\+200"):
        LINE.validate_python(text)


def test_long_text_has_lines_that_end_in_one_way() -> None:
    assert PROSE.validate_python("one\r\ntwo\rthree\n\tfour") == "one\ntwo\nthree\n\tfour"
    for odd in ENDS:
        with pytest.raises(ValidationError):
            PROSE.validate_python(f"one{odd}two")
