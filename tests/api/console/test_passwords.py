"""Passwords at the console: that for one sign-in is changed first, one's own at will."""

from __future__ import annotations

import re

from tests.api.console.staff import Looking, Staff
from tests.api.permissions.test_sign_in import GOOD

FIRST, NEW = "a first winding road", "another quiet harbour"


def change(looking: Looking, old: str, new: str, **more: str) -> int:
    """Change the password by the form that is shown; return the status of the answer."""
    page = looking.get("/console/password")
    mark = re.search(r'name="mark" value="([^"]+)"', page.text)
    assert (page.status_code, mark is not None) == (200, True)
    fields = {"mark": mark[1], "old": old, "new": new, "again": new} if mark else {}
    answer = looking.post("/console/password", **fields | more)
    if answer.status_code == 303:
        looking.cookie = answer.headers["set-cookie"].partition(";")[0]
    else:
        assert 'role="alert"' in answer.text or answer.status_code == 403
        assert old not in answer.text
        assert new not in answer.text
    return answer.status_code


def test_who_has_to_change_their_password_is_led_through_it(staff: Staff) -> None:
    admin, someone = staff.world.admin, staff.someone()
    staff.world.make("/employees", code="fresh", name="Fresh", unit="gd")
    staff.world.make("/grants", employee="fresh", role="reader", unit="gd")
    admin.post("/employees/fresh/password", json={"password": FIRST}).raise_for_status()
    answer = someone.sign_in("fresh", FIRST, next="/console/units")
    assert answer.headers["location"] == "/console/password?next=%2Fconsole%2Funits"
    for path in ("/console", "/console/customers", "/console/new/customers"):
        assert someone.get(path).headers["location"] == "/console/password"
    assert 'value="/console/units"' in someone.get(answer.headers["location"]).text
    assert change(someone, FIRST, NEW, again="something else here") == 422
    assert change(someone, FIRST, "short") == 422
    assert change(someone, "not the first one", NEW) == 403
    assert change(someone, FIRST, NEW, mark="made-up") == 403
    assert someone.get("/console").status_code == 303
    assert change(someone, FIRST, NEW) == 303
    assert someone.get("/console/customers").status_code == 200


def test_a_password_is_changed_at_will_which_ends_all_other_sessions(staff: Staff) -> None:
    one, other = staff.looking("south"), staff.looking("south")
    assert 'href="/console/password"' in one.get("/console").text
    assert change(one, GOOD, NEW) == 303
    assert one.get("/console").status_code == 200
    assert other.get("/console").status_code == 303
    assert staff.someone().sign_in("south", GOOD).status_code == 401
    assert change(one, NEW, GOOD) == 303
    assert staff.someone().get("/console/password").headers["location"] == "/console/sign-in"
