"""Sought: what is written in usual ways is found, and what is none is refused in words."""

import pytest

from domain.kernel.aggregate import discover
from domain.kernel.types.personal import personal_fields
from domain.kernel.types.sought import EMAIL, NAME, PHONE, Sought, seeking, sought_fields


@pytest.mark.parametrize(
    ("sought", "kept", "asked", "is_found"),
    [
        (PHONE, "139 4444 5555", "+86 (139) 4444-5555", True),
        (PHONE, "+8613944445555", "００８６１３９４４４４５５５５", True),
        (PHONE, "020-8888-1234", "+86 020 8888 1234", True),
        (PHONE, "+86 20 8888 1234 x12", "02088881234", True),
        (PHONE, "+86 20 8888 1234 x12", "02088881234 分機：12", True),
        (PHONE, "+86 20 8888 1234", "02088881234x12", False),
        (PHONE, "400-800-1234", "+86 400 800 1234", True),
        (PHONE, "10086", "10086", True),
        (PHONE, "8888 1234", "020 8888 1234", False),
        (PHONE, "+49 30 1234567", "0049 (0)30 123-4567", True),
        (PHONE, "139 4444 5555", "139 4444 5556", False),
        (PHONE, "12).(34", "1234", True),
        (EMAIL, "Li.Wei@Example.com", "ｌi.wei@EXAMPLE.COM", True),
        (EMAIL, "li.wei@example.com", "wei@example.com", False),
        (NAME, "諸葛亮", "诸葛", True),
        (NAME, "欧阳 修", "阳修", True),
        (NAME, "Zoë Müller-Lüdenscheidt", "muller ZOE", True),
        (NAME, "Zoë Müller", "mull", False),
        (NAME, "阿凡提·买买提 (Ali)", "买提 ali", True),
    ],
)
def test_a_value_is_found_in_whatever_form_it_is_written(
    sought: Sought, kept: str, asked: str, is_found: bool
) -> None:
    assert (sought.asked(asked) <= sought.kept(kept)) == is_found
    assert sought.kept(kept)


@pytest.mark.parametrize(
    ("sought", "asked"),
    [
        *((PHONE, each) for each in ("", "+", "12", "x12", "call me", "1" * 18, "٣٤٥٦")),
        *((EMAIL, each) for each in ("", "li", "li@", "li wei@example.com", "li@example")),
        *((NAME, each) for each in ("", "…", "李", "李 Wei")),
    ],
)
def test_what_finds_nobody_for_sure_is_refused(sought: Sought, asked: str) -> None:
    with pytest.raises(ValueError, match="give"):
        sought.asked(asked)


def test_what_is_sought_is_personal_so_that_it_goes_with_its_person() -> None:
    def named(shape: object) -> set[str]:
        inner = getattr(shape, "of", shape)
        return (
            {*inner, *(n for each in inner.values() for n in named(each))}
            if isinstance(inner, dict)
            else set()
        )

    discover()
    assert "customer.absorbed" in seeking()
    for each in seeking():
        assert sought_fields(each).keys() <= named(dict(personal_fields(each))), each
