"""Employees: engaged, moved, qualified, gone and back."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged
from domain.kernel.types.codes import EmployeeCodeAlike
from domain.organisation.employee import (
    DepartureRequired,
    Employee,
    EmployeeCodeTaken,
    EmployeeDetail,
)
from domain.organisation.employee_qualifications import (
    CertificateRequired,
    CertificateTermInverted,
    EmployeeLeft,
    SkillRequired,
)
from tests.domain.play import Step, last, play, plays, stated
from tests.volume import examples


@pytest.fixture
def employee() -> Employee:
    return Employee.engage("li.wei", "李伟", "gd-gz", "Account manager")


def test_an_employee_claims_the_code_for_ever_and_owns_the_own_file(employee: Employee) -> None:
    employee.leave("Moved abroad")
    assert employee.claims == {EmployeeCodeTaken: "li.wei", EmployeeCodeAlike: "li.wei"}
    assert employee.owners == {"li.wei"}
    assert employee.units == {"gd-gz"}


def test_details_given_change_and_details_cleared_become_unknown(employee: Employee) -> None:
    employee.correct_details(phone="+86 20 1", email="li@example.com")
    employee.correct_details(name="李威", clear=[EmployeeDetail.PHONE])
    assert employee.details == {"name": "李威", "phone": None, "email": "li@example.com"}
    with pytest.raises(NothingChanged):
        employee.correct_details(name="李威")


def test_an_employee_moves_to_another_unit_or_post_or_both(employee: Employee) -> None:
    employee.move("Promotion", post="Head of sales")
    assert last(employee)["unit"] == "gd-gz"
    employee.move("Relocation", unit="gd")
    assert (employee.unit, employee.post) == ("gd", "Head of sales")
    with pytest.raises(NothingChanged):
        employee.move("Nowhere", unit="gd")


def test_a_skill_is_recorded_with_its_level_and_removed(employee: Employee) -> None:
    employee.record_skill("IoT", 2)
    employee.record_skill("IoT", 3)
    assert employee.skills == {"IoT": 3}
    with pytest.raises(NothingChanged):
        employee.record_skill("IoT", 3)
    employee.remove_skill("IoT")
    with pytest.raises(SkillRequired):
        employee.remove_skill("IoT")


def test_a_certificate_is_recorded_with_its_term_and_removed(employee: Employee) -> None:
    with pytest.raises(CertificateTermInverted):
        employee.record_certificate("PMP", until=date(2022, 1, 1), issued_on=date(2022, 1, 2))
    employee.record_certificate("PMP", "77", date(2022, 1, 1), date(2025, 1, 1))
    employee.remove_certificate("PMP")
    with pytest.raises(CertificateRequired):
        employee.remove_certificate("PMP")


def test_who_has_left_comes_back_under_the_same_code(employee: Employee) -> None:
    with pytest.raises(DepartureRequired):
        employee.reengage("gd")
    employee.leave("Moved abroad")
    assert employee.retired
    employee.reengage("gd", "Adviser")
    assert (employee.retired, employee.unit, employee.post) == (False, "gd", "Adviser")
    employee.leave("Moved abroad again")
    employee.reengage("gd", "Adviser")  # to where they were
    assert stated(employee)[-2:] == ["left", "reengaged"]


def test_an_employee_is_signed_out_everywhere_also_after_leaving(employee: Employee) -> None:
    employee.leave("Dismissed")
    employee.end_sessions("Dismissed")
    assert stated(employee) == ["engaged", "left", "sessions-ended"]


@pytest.mark.parametrize(
    "change",
    [
        lambda employee: employee.correct_details(name="X"),
        lambda employee: employee.move("X", unit="gd"),
        lambda employee: employee.record_skill("X", 1),
        lambda employee: employee.remove_skill("X"),
        lambda employee: employee.record_certificate("X"),
        lambda employee: employee.remove_certificate("X"),
        lambda employee: employee.leave("X"),
    ],
)
def test_the_file_of_somebody_who_left_is_closed(
    employee: Employee, change: Callable[[Employee], None]
) -> None:
    employee.leave("Moved abroad")
    with pytest.raises(EmployeeLeft):
        change(employee)


@settings(max_examples=examples(20), deadline=None)
@given(plays(Employee))
def test_every_life_of_an_employee_replays_to_itself(lived: tuple[int, list[Step]]) -> None:
    play(Employee, *lived)
