"""Codes: what poses as somebody or something else is no code, in words that say why."""

import pytest
from pydantic import ValidationError

from domain.kernel.commands import commands
from domain.kernel.types.codes import RESERVED, CodeReserved, alike, flaw
from domain.organisation.employee import Employee

POSING = [
    *("policy:abandon-opportunities", "key:erp", "\u0430dmin", "\uff41\uff44\uff4d\uff49\uff4e"),
    *("PENG.ZHAO", "li wei", "li.wei.", "-li", "li\u200b", "", "x" * 65),
]


@pytest.mark.parametrize("code", POSING)
@pytest.mark.parametrize("command", ["employee.engage", "role.define"])
def test_what_looks_like_another_code_or_kind_is_none(command: str, code: str) -> None:
    body = {"code": code, "name": "x", "unit": "gd", "permissions": ["customer.read"]}
    names = commands()[command].body.model_fields
    with pytest.raises(ValidationError) as caught:
        commands()[command].body.model_validate({k: v for k, v in body.items() if k in names})
    assert [error["loc"] for error in caught.value.errors()] == [("code",)]
    if 0 < len(code) <= 64:
        assert "small letters a to z" in caught.value.errors()[0]["msg"]
    assert code == "" or len(code) > 64 or flaw("employee", code)


@pytest.mark.parametrize("code", sorted(RESERVED))
def test_a_word_that_tells_of_no_person_is_nobodys_code(code: str) -> None:
    with pytest.raises(CodeReserved):
        Employee.engage(code, "x", "gd")
    assert flaw("employee", code) == CodeReserved.text()


@pytest.mark.parametrize("code", ["li.wei", "e-1001", "a_b", "li.wei@telecom.cn", "7"])
def test_usual_codes_are_good(code: str) -> None:
    assert Employee.engage(code, "x", "gd").code == code
    assert flaw("employee", code) is None


def test_width_case_and_spaces_make_no_difference() -> None:
    assert alike("\uff21dmin") == alike("ADMIN") == "admin"
    assert alike(" Call  Centre ") == alike("call centre")
