"""Problems: every refusal and error as an RFC 9457 document, and the book of their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope

from adapters.refusals import Refusal, RuleBroken
from domain.kernel.aggregate import RuleViolation, kebab

MEDIA_TYPE = "application/problem+json"

BASE = "/problems/"
"""What the type of a problem begins with; its name follows. A page there explains it."""

PROBLEMS = Path(__file__).with_name("problems.zh_CN.po")
"""The titles of problems in Chinese."""


class MalformedRequest(Refusal):
    """The address or its query is not written as a URI in UTF-8 is."""

    title = "The request cannot be read"


class MalformedHeader(Refusal):
    """A header does not have the form that it must have."""

    title = "A header cannot be read"


class Unauthenticated(Refusal):
    """The request carries no key, or one that is not known here."""

    status = 401
    title = "Who are you?"


class Forbidden(Refusal):
    """Whoever asks may not have this."""

    status = 403
    title = "Not for you"


class NotDelegated(Refusal):
    """The employee named by On-Behalf-Of has not made whoever asks their deputy, or not now."""

    status = 403
    title = "Not on behalf of this employee"


class PasswordChangeRequired(Refusal):
    """Somebody else chose the password: nothing is open before it has been changed."""

    status = 403
    title = "Choose a password of your own first"


class WrongPassword(Refusal):
    """The password that was to be changed is another one."""

    status = 403
    title = "The old password is wrong"


class TooManyAttempts(Refusal):
    """There were too many attempts to sign in that failed; wait as long as Retry-After says."""

    status = 429
    title = "Too many attempts"

    def __init__(self, seconds: int) -> None:
        """Refuse for so many seconds."""
        super().__init__(f"Try again in {seconds} seconds.")
        self.seconds = seconds


class TooManyRequests(Refusal):
    """Whoever asks has asked more often than they may; wait as long as Retry-After says."""

    status = 429
    title = "Too many requests"

    def __init__(self, seconds: int, told: Sequence[tuple[bytes, bytes]]) -> None:
        """Refuse for so many seconds; `told` are the headers that say how often one may ask."""
        super().__init__(f"You may ask again in {seconds} seconds.")
        self.seconds = seconds
        self.told = told


class TooManyImports(Refusal):
    """Whoever sends a file has as many others that are not imported yet as they may have."""

    status = 429
    title = "Too many imports"


class UnfitFile(Refusal):
    """The file, or what was said of its columns, cannot be used; nothing of it was imported."""

    status = 422
    title = "The file cannot be used"


class FieldMasked(Refusal):
    """What is asked for goes by a field that whoever asks may not see."""

    status = 403
    title = "A field is masked for you"


class Crowded(Refusal):
    """The server is answering as many requests as it can; try again shortly."""

    status = 503
    title = "Too many requests at a time"


class TooManyQuestions(Refusal):
    """As many questions that take long are being answered as may be; try again shortly."""

    status = 503
    title = "Too many long questions at a time"


class NotFound(Refusal):
    """There is nothing at this address."""

    status = 404
    title = "There is nothing here"


class MethodNotAllowed(Refusal):
    """What is at this address does not answer to this method."""

    status = 405
    title = "Not with this method"

    def __init__(self, allowed: str) -> None:
        """Refuse; `allowed` are the methods that are answered, as in `GET, HEAD`."""
        super().__init__(f"What is here answers to {allowed or 'other methods'}.")
        self.allowed = allowed


class HeadersTooSlow(Refusal):
    """The line and the headers of the request did not arrive in time."""

    status = 408
    title = "The headers did not arrive in time"


class HeadersTooLarge(Refusal):
    """The line and the headers of the request are larger than what is taken."""

    status = 431
    title = "The headers are too large"


class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    status = 408
    title = "The body did not arrive in time"


class BodyTooLarge(Refusal):
    """The body is larger than what is taken."""

    status = 413
    title = "The body is too large"


class UnsupportedMediaType(Refusal):
    """The body is of a media type that is not understood here."""

    status = 415
    title = "The body is of the wrong media type"


class InvalidParameter(Refusal):
    """A parameter of the query is unknown, or its value is not one that it can have."""

    status = 422
    title = "A parameter cannot be used"


class InvalidCursor(Refusal):
    """The cursor was altered, or belongs to another query."""

    status = 422
    title = "The cursor does not belong to this query"


class NotYet(Refusal):
    """What is read has not come up to the position asked for; try again shortly."""

    status = 503
    title = "Not there yet"


class WarehouseUnavailable(Refusal):
    """The warehouse does not answer now; try again shortly."""

    status = 503
    title = "The warehouse does not answer"


class InternalError(Refusal):
    """Something went wrong here; the trace id leads the operator to the cause."""

    status = 500
    title = "Something went wrong here"


def by_status(status: int, detail: str) -> Refusal:
    """Return the problem that stands for a bare HTTP status."""
    kinds = {404: NotFound, 413: BodyTooLarge, 415: UnsupportedMediaType}
    kind = kinds.get(status) or (MalformedRequest if status < 500 else InternalError)
    return kind(detail)


def document(refusal: Refusal) -> bytes:
    """Return the problem document of a refusal."""
    content: dict[str, Any] = {
        "type": f"{BASE}{refusal.name}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    if refusal.errors:
        content["errors"] = refusal.errors
    return orjson.dumps(content)


def headers(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    """Return the headers that go with a refusal."""
    found = [(b"content-type", MEDIA_TYPE.encode())]
    if refusal.status == 401:
        found.append((b"www-authenticate", b'Bearer realm="keyline"'))
    elif isinstance(refusal, MethodNotAllowed):
        found.append((b"allow", refusal.allowed.encode()))
    elif isinstance(refusal, TooManyAttempts | TooManyRequests):
        found.append((b"retry-after", b"%d" % refusal.seconds))
    elif refusal.status in (429, 503):
        found.append((b"retry-after", b"1"))
    elif refusal.status in (408, 413, 431):
        found.append((b"connection", b"close"))
    return found


def response(refusal: Refusal) -> Response:
    """Return a refusal as a response."""
    answer = Response(document(refusal), refusal.status)
    answer.raw_headers += headers(refusal)
    return answer


def answered(scope: Scope, refusal: Refusal) -> Response:
    """Return the answer to a request that is refused, and have the operation log know why."""
    scope["refusal"] = refusal
    return response(refusal)


def book() -> dict[str, dict[str, Any]]:
    """Return every problem that this system can answer, by name."""
    errors = [
        (kebab(kind.__name__), kind.status, kind.title, " ".join((kind.__doc__ or "").split()))
        for kind in _below(Refusal)
        if kind is not RuleBroken
    ]
    rules = [
        (rule.rule(), RuleBroken.status, RuleBroken.title, rule.text())
        for rule in _below(RuleViolation)
        if rule.__module__.startswith("domain.")
    ]
    return {
        name: {"type": BASE + name, "status": status, "title": title, "meaning": meaning}
        for name, status, title, meaning in sorted(errors + rules)
    }


def _below(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _below(kind)
