"""Views: one look at a page, by whoever is signed in, in their language, at a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import jinja2
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from adapters.refusals import Refusal
from api.console.asking import Answered, Query
from api.console.bar import bar_of
from api.console.session import SignedOut, Visitor, forget
from api.console.sheets import Sheet
from api.console.texts import Words, words_for
from api.kernel.problems import NotFound
from projections.kernel.listed import Listed
from projections.kernel.summary import listed

HOME = "/console"

PASSWORD = f"{HOME}/password"
"""Where one's own password is changed."""

MOMENT = ("as_of", "as_of_position", "valid_at")
"""The parameters by which any page is of another day: what was known then, what was true then."""

HIDDEN = (403, 404)
"""How the API answers for what whoever looks may not see, or is not there."""

_POLICY = "; ".join(
    (
        *("default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'"),
        "connect-src 'self'",
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    )
)

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("api.console"),
    auto_reload=False,
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Page = Callable[["View"], Awaitable[Response]]


class Refused(Exception):
    """The API refused what a page asked for."""

    def __init__(self, answered: Answered) -> None:
        """Tell what it answered."""
        self.answered = answered


class View:
    """One look at a page: who looks, in which language, at which moment."""

    def __init__(self, request: Request) -> None:
        """Look. Raises `SignedOut`."""
        self.request = request
        self.visitor = Visitor(request)
        self.words = words_for(request)
        given = request.query_params
        self._held: set[str] | None = None
        self.moment = [(name, given[name]) for name in MOMENT if given.get(name)]
        self.position: int | None = None
        """How far what the page shows had come at least."""

    async def get(self, path: str, query: Query = (), *, now: bool = False) -> Any:
        """Return what the API has at a path, as of the page's moment unless only `now` will do.

        Raises `Refused`.
        """
        found = await self.visitor.ask(path, [*query, *([] if now else self.moment)])
        if found.status >= 300:
            raise Refused(found)
        if self.position is None and "position" in found.headers:
            self.position = int(found.headers["position"])
        return found.content

    async def get_if_seen(self, path: str, query: Query = (), *, now: bool = False) -> Any:
        """Return what `get` returns, `None` for what is not there for whoever looks."""
        try:
            return await self.get(path, query, now=now)
        except Refused as refused:
            if refused.answered.status not in HIDDEN:
                raise
            return None

    async def show(self, template: str, status: int = 200, **told: Any) -> Response:
        """Return a page for whoever is signed in.

        It comes anew when something is recorded, if it is told `live`: of which kind, or "" for
        anything.
        """
        me = await self.get("/me", now=True)
        lists = await self._lists()
        told |= {"me": me, "lists": lists, "mark": self.visitor.session.mark}
        told |= {"moment": dict(self.moment), "when": self.link}
        parts = self.request.app.state.parts
        told["bar"] = await bar_of(parts, told["moment"], self.words)
        kept = [each for each in self.request.query_params.multi_items() if each[0] not in MOMENT]
        told["present"] = f"{self.request.url.path}?{urlencode(kept)}".removesuffix("?")
        if (kind := told.get("live")) is not None and self.position is not None:
            about = {"after": self.position, **({"aggregate": kind} if kind else {})}
            told["following"] = f"{HOME}/live?{urlencode(about)}"
        return shown(self.request, template, self.words, status, **told)

    async def held(self) -> set[str]:
        """Return the permissions of whoever looks."""
        if self._held is None:
            self._held = {*(await self.get("/me/permissions", now=True))["permissions"]}
        return self._held

    async def _lists(self) -> list[Sheet]:
        may = await self.held()
        models = [model for model in listed().values() if f"{model.kind}.read" in may]
        return sorted((Sheet.of(each, self.words) for each in models), key=lambda each: each.title)

    def link(self, path: str, query: Query = ()) -> str:
        """Return an address at the moment of this page."""
        asked = urlencode([*query, *self.moment])
        return f"{path}{'&' if '?' in path else '?'}{asked}" if asked else path


def shown(
    request: Request, template: str, words: Words, status: int = 200, **told: Any
) -> HTMLResponse:
    """Return a page, which no one keeps and which runs nothing but our own script."""
    context = {"t": words, "path": request.url.path, "query": request.url.query, "moment": {}}
    context |= {
        "signed_in": "me" in told,
        "title": "",
        "when": str,
        "following": None,
        "every": False,
        **told,
    }
    text = TEMPLATES.get_template(template).render(context)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(text, status, headers)


def model_of(view: View) -> Listed:
    """Return the read model that an address names. Raises `NotFound`."""
    plural = view.request.path_params["plural"]
    model = next((each for each in listed().values() if each.plural == plural), None)
    if model is None:
        raise NotFound(f"There is no list {plural!r}.")
    return model


def page_at(router: APIRouter, path: str, *methods: str) -> Callable[[Page], Page]:
    """Declare a page for those who are signed in; by itself it is only looked at."""

    def declare(page: Page) -> Page:
        async def answer(request: Request) -> Response:
            try:
                view = View(request)
                try:
                    found = await page(view)
                except Refused as refused:
                    found = await _refused(view, refused.answered)
                except Refusal as refusal:
                    told = view.words.problem({"title": refusal.title, "detail": str(refusal)})
                    found = await view.show("refused.html", refusal.status, problem=told)
            except SignedOut:
                query = urlencode({"next": f"{request.url.path}?{request.url.query}".rstrip("?")})
                found = RedirectResponse(f"{HOME}/sign-in?{query}", 303)
                forget(found)
                return found
            if view.visitor.renewed:
                view.visitor.session.keep(found)
            return found

        router.add_route(path, answer, list(methods or ("GET",)))
        return page

    return declare


async def _refused(view: View, answered: Answered) -> Response:
    """Lead to where a record has gone, or say what the API said."""
    if answered.status in (301, 302, 303, 307, 308):
        record = "/".join(urlsplit(answered.headers["location"]).path.split("/")[:3])
        return RedirectResponse(view.link(f"{HOME}{record}", [("merged", "1")]), 303)
    told = {"problem": view.words.problem(answered.content or {})}
    if told["problem"].get("type", "").endswith("/password-change-required"):
        return RedirectResponse(PASSWORD, 303)
    try:
        return await view.show("refused.html", answered.status, **told)
    except Refused:  # what every page has is refused as well, in a crowd for instance
        return shown(view.request, "refused.html", view.words, answered.status, **told)
