"""Sign-in over HTTP: tokens for a password, their renewal, and one's own and others' passwords."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from adapters.commands.body_validation import unfit
from adapters.commands.exact_json import read
from api.document.answers import answer
from api.document.operation_answers import Tokens
from api.kernel.access.credentials import Issued
from api.kernel.bodies import read_body, require_json
from api.kernel.problems import MEDIA_TYPE
from api.kernel.reading.read_parameters import TheParts, json_response, known_only
from domain.kernel.types.values import Code

LIMIT = 16_384
"""Bytes of a body here."""

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
"""A password or token in the clear."""

router = APIRouter(tags=["sign-in"], dependencies=[Depends(known_only)])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SignIn(_Body):
    """An employee's code and password, and the token that this device was given before."""

    employee: Code
    password: Secret
    device_token: Secret | None = None


class Refresh(_Body):
    """The refresh token of the last answer."""

    refresh_token: Secret


class PasswordChange(_Body):
    """One's own password, and the one to come: 12 to 256 characters."""

    old: Secret
    new: Secret


class PasswordSetting(_Body):
    """A password for one sign-in: 12 to 256 characters."""

    password: Secret


Body = TypeVar("Body", bound=_Body)


def _answers(
    body: type[_Body] | None, good: dict[int | str, dict[str, Any]], *refused: tuple[int, str]
) -> dict[str, Any]:
    """Return what the document says about a route: its body and its answers."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    bad = {status: {"description": text, "content": problem} for status, text in refused}
    found: dict[str, Any] = {"responses": good | bad}
    if body is not None:
        content = {"application/json": {"schema": body.model_json_schema()}}
        found["openapi_extra"] = {"requestBody": {"required": True, "content": content}}
    return found


_TOKENS = answer("Signed in.", Tokens)
_DONE: dict[int | str, dict[str, Any]] = {204: {"description": "Done."}}
_BODY = (
    (408, "The body did not arrive in time."),
    (413, "The body is too large."),
    (415, "The body is not JSON."),
    (503, "Too many are signing in at the moment; try again shortly."),
)
_WRONG = (401, "The employee, the password or the token is wrong.")
_OFTEN = (429, "Too many attempts; wait for as many seconds as `Retry-After` says.")
_NOT_YOU = (403, "This is not for you to do.")


async def _read(request: Request, kind: type[Body]) -> Body:
    """Return the body of a request. Raises a `Refusal`, which never repeats what was sent."""
    headers = dict(request.scope["headers"])
    seconds = request.app.state.parts.settings.body_seconds
    text = await read_body(headers, request.receive, LIMIT, seconds)
    require_json(headers)
    try:
        return kind.model_validate(read(text))
    except ValidationError as error:
        raise unfit(error) from None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _tokens(issued: Issued) -> Response:
    return json_response(issued.content(), {"Cache-Control": "no-store"})


@router.post(
    "/sign-in", operation_id="sign-in", **_answers(SignIn, _TOKENS, _WRONG, _OFTEN, *_BODY)
)
async def sign_in(request: Request, parts: TheParts) -> Response:
    """Sign in with an employee's code and password.

    The access token is good for ten minutes, the refresh token for the next pair. A password that
    somebody else has set opens nothing but its change.
    """
    body = await _read(request, SignIn)
    signing = parts.signing_in
    given = (body.employee, body.password, _address(request), body.device_token or "")
    work = partial(signing.sign_in, *given)
    return _tokens(await signing.turn(work))


@router.post(
    "/sign-in/refresh",
    operation_id="sign-in.refresh",
    **_answers(Refresh, _TOKENS, _WRONG, *_BODY),
)
async def refresh(request: Request, parts: TheParts) -> Response:
    """Exchange a refresh token for new tokens.

    Each is good once. When one comes again within ten seconds of its use, and none that followed it
    was used, the answer has the same next one; later, somebody has a copy, and the session ends.
    """
    body = await _read(request, Refresh)
    work = partial(parts.signing_in.refresh, body.refresh_token, _address(request))
    return _tokens(await parts.signing_in.turn(work))


@router.post(
    "/sign-out", operation_id="sign-out", status_code=204, **_answers(None, _DONE, _NOT_YOU)
)
async def sign_out(request: Request, parts: TheParts) -> Response:
    """End the session of the token that comes with the request."""
    await parts.signing_in.turn(partial(parts.signing_in.sign_out, request.state.who))
    return Response(status_code=204)


@router.post(
    "/me/password",
    operation_id="me.change-password",
    **_answers(PasswordChange, _TOKENS, _NOT_YOU, _OFTEN, *_BODY),
)
async def change_password(request: Request, parts: TheParts) -> Response:
    """Change one's own password. All sessions end; the answer begins a new one."""
    body = await _read(request, PasswordChange)
    signing = parts.signing_in
    work = partial(signing.change, request.state.who, body.old, body.new, _address(request))
    return _tokens(await signing.turn(work))


@router.post(
    "/employees/{code}/password",
    operation_id="employee.set-password",
    status_code=204,
    **_answers(PasswordSetting, _DONE, _NOT_YOU, *_BODY),
)
async def set_password(request: Request, parts: TheParts, code: str) -> Response:
    """Give an employee a password that has to be changed at the first sign-in, within a week.

    All sessions of the employee end. It takes the permission `employee.set-password` there, and
    every permission that the employee has.
    """
    body = await _read(request, PasswordSetting)
    work = partial(parts.signing_in.set_for, request.state.who, code, body.password)
    await parts.signing_in.turn(work)
    return Response(status_code=204)
