"""People at the console for tests: their browsers' cookies, forms and pages."""

from __future__ import annotations

import html
import re

import httpx

from tests.api.kernel.access.test_visibility import World
from tests.api.permissions.test_sign_in import GOOD, bearer

MARKUP = "<script>alert(1)</script>&\"'"


class Looking:
    """A browser's part of somebody at the console: cookies, forms, pages."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=30)
        self.cookie = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers={"Cookie": self.cookie, **headers})

    def post(self, path: str, origin: str | None = None, **fields: str) -> httpx.Response:
        headers = {"Cookie": self.cookie, "Origin": origin or self.address}
        return self.client.post(path, data=fields, headers=headers)

    def sign_in(self, code: str, password: str = GOOD, **more: str) -> httpx.Response:
        answer = self.post("/console/sign-in", employee=code, password=password, **more)
        if answer.status_code == 303:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer


class Staff:
    """A world with people who can sign in: a chief, a manager of the south, one with masks."""

    def __init__(self, address: str) -> None:
        self.world = World(address)
        self.clients = [self.world.admin, *self.world.readers.values()]
        for code, masked in (("chief", ()), ("masked", ("amount", "phone"))):
            self.world.make("/employees", code=code, name=f"{code} 陈", unit="group")
            given = {"employee": code, "role": "reader", "unit": "group", "masked": list(masked)}
            self.world.make("/grants", **given)
            self.password(code)
        self.world.make("/employees", code="south", name="South", unit="gd")
        self.world.make("/grants", employee="south", role="reader", unit="gd")
        self.password("south")
        self.world.make("/employees", code="admin2", name="Boss", unit="group")
        self.world.make("/grants", employee="admin2", role="administrator", unit="group")
        self.password("admin2")
        self.world.post(f"/customers/{self.world.south}/assign-manager", manager="chief")
        self.odd = self.world.make("/customers", name=MARKUP, unit="gd-gz", grade="B")

    def password(self, code: str) -> None:
        """Give somebody the password that everybody has."""
        admin, first = self.world.admin, "a first winding road"
        admin.post(f"/employees/{code}/password", json={"password": first}).raise_for_status()
        with httpx.Client(base_url=self.world.address, trust_env=False) as client:
            body = {"employee": code, "password": first}
            tokens = client.post("/sign-in", json=body).json()
            change = {"old": first, "new": GOOD}
            client.post("/me/password", json=change, headers=bearer(tokens)).raise_for_status()

    def someone(self) -> Looking:
        found = Looking(self.world.address)
        self.clients.append(found.client)
        return found

    def looking(self, code: str, language: str = "zh") -> Looking:
        found = self.someone()
        found.client.headers["Accept-Language"] = language
        assert found.sign_in(code).status_code == 303
        return found

    def settled(self) -> None:
        """Wait until what was done is in the rows."""
        position = self.world.admin.get("/readyz").json()["position"]
        ask = {"min_position": position, "limit": 1}
        self.world.admin.get("/customers", params=ask).raise_for_status()

    def close(self) -> None:
        for each in self.clients:
            each.close()

    def tokens(self, code: str) -> dict[str, str]:
        body = {"employee": code, "password": GOOD}
        return bearer(self.world.admin.post("/sign-in", json=body).json())


def text(answer: httpx.Response) -> str:
    """Return what a page says, without its marks."""
    page = answer.text[answer.text.index("<main") :]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def links(answer: httpx.Response) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'href="([^"]*)"', answer.text)]


def entered(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of the form for a command."""
    form = page.text[page.text.index('<form class="command"') :]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def lists(answer: httpx.Response) -> list[str]:
    """Return the addresses of the lists that a page offers."""
    nav = answer.text[answer.text.index("<nav") : answer.text.index("</nav")]
    others = {"/console", *(f"/console/{each}" for each in ("charts", "reports", "operations"))}
    return [each for each in re.findall(r'href="([^"]+)"', nav) if each not in others]
