"""Doors: signing in and out, one's own password, and the language."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.console.asking import Answered, ask
from api.console.session import (
    Session,
    SignedOut,
    Visitor,
    forget,
    form_of,
    require_own,
    require_same_origin,
)
from api.console.texts import COOKIE, words_for
from api.console.view import HOME, PASSWORD, shown

router = APIRouter(include_in_schema=False)


async def sign_in(request: Request) -> Response:
    """Show the form, or begin a session by it."""
    words = words_for(request)
    following = request.query_params.get("next", HOME)
    if request.method == "GET":
        return shown(request, "sign_in.html", words, next=_own(following), problem=None)
    form = await form_of(request)
    require_same_origin(request)
    body = {name: form.get(name, "") for name in ("employee", "password")}
    found = await ask(request, "/sign-in", body=body)
    following = _own(form.get("next", HOME))
    if found.status != 200:
        told = {"next": following, "problem": words.problem(found.content)}
        return shown(request, "sign_in.html", words, found.status, **told)
    if found.content.get("password_change_required"):
        following = f"{PASSWORD}?{urlencode({'next': following})}"
    return _begun(found, following)


async def password(request: Request) -> Response:
    """Show the form, or change one's own password by it; a new session begins.

    Somebody else's password for one sign-in opens nothing but this.
    """
    try:
        visitor = Visitor(request)
        words, mark = words_for(request), visitor.session.mark
        form = await form_of(request) if request.method == "POST" else {}
        following = _own({**request.query_params, **form}.get("next", HOME))
        status, problem = 200, None
        if form:
            require_own(request, form.get("mark", ""))
            status, problem = 422, {"title": words("not twice")}
            if form.get("new") == form.get("again"):
                body = {name: form.get(name, "") for name in ("old", "new")}
                found = await visitor.give("/me/password", body, {})
                if found.status == 200:
                    return _begun(found, following)
                status, problem = found.status, words.problem(found.content)
    except SignedOut:
        return RedirectResponse(f"{HOME}/sign-in", 303)
    told = {"mark": mark, "next": following, "problem": problem}
    page = shown(request, "password.html", words, status, **told)
    if visitor.renewed:
        visitor.session.keep(page)
    return page


def _begun(tokens: Answered, following: str) -> Response:
    answer = RedirectResponse(following, 303)
    Session.begun(tokens).keep(answer)
    return answer


async def sign_out(request: Request) -> Response:
    """End the session, at once."""
    require_own(request, (await form_of(request)).get("mark", ""))
    visitor = Visitor(request)
    await ask(request, "/sign-out", token=visitor.session.access, body={})
    answer = RedirectResponse(f"{HOME}/sign-in", 303)
    forget(answer)
    return answer


async def language(request: Request) -> Response:
    """Go on in the other language."""
    other = "en" if words_for(request).language == "zh" else "zh"
    answer = RedirectResponse(_own(request.query_params.get("next", HOME)), 303)
    answer.set_cookie(COOKIE, other, max_age=365 * 24 * 3600, path=HOME, samesite="strict")
    return answer


def _own(address: str) -> str:
    """Return an address of ours: nobody is led elsewhere."""
    own = address == HOME or address.startswith((f"{HOME}/", f"{HOME}?"))
    return address if own and "\\" not in address else HOME


router.add_route(f"{HOME}/sign-in", sign_in, ["GET", "POST"])
router.add_route(PASSWORD, password, ["GET", "POST"])
router.add_route(f"{HOME}/sign-out", sign_out, ["POST"])
router.add_route(f"{HOME}/language", language, ["GET"])
