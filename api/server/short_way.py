"""The short way of reads: they are found, and their parameters read, by plans that are made once.

The framework looks for a route and for what its parameters depend on anew with every request, and
runs plain functions among them in threads: that took longer than to answer. What a read is stays
its declaration, of which the document is made as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.refusals import Refusal
from api.kernel import problems
from api.kernel.reading.read_parameters import Names, json_response, unfit_parameters

Call = Callable[..., Any]


class _Given(NamedTuple):
    """A value that comes with the request: under which name, and what checks it."""

    name: str
    place: str
    """`path`, `query` or `header`."""
    alias: str
    default: Any
    required: bool
    check: Callable[..., tuple[Any, list[dict[str, Any]]]]


class _Step(NamedTuple):
    """A function to call: with which values given, and with what which steps before it found."""

    call: Call
    waits: bool
    """Whether it is to be awaited."""
    request: str | None
    given: tuple[_Given, ...]
    found: tuple[tuple[str, int], ...]


class Read:
    """A read that a route declares: what is called to answer it, in which order."""

    def __init__(self, route: APIRoute) -> None:
        """Plan the reading of a route's parameters."""
        self.route = route
        self.names = Names.of(route)
        self._steps: list[_Step] = []
        self._plan(route.dependant, {})

    def _plan(self, wanted: Dependant, planned: dict[Call, int]) -> int:
        """Plan a call, after those it depends on; return the number of its step."""
        assert wanted.call is not None
        if wanted.call not in planned:
            # What is not named tells nothing: it looks at the parameters' names, as `answer` does.
            found = tuple(
                (each.name, self._plan(each, planned)) for each in wanted.dependencies if each.name
            )
            given = (*wanted.path_params, *wanted.query_params, *wanted.header_params)
            waits = inspect.iscoroutinefunction(wanted.call)
            self._steps.append(
                _Step(
                    wanted.call,
                    waits,
                    wanted.request_param_name,
                    tuple(map(_given, given)),
                    found,
                )
            )
            planned[wanted.call] = len(self._steps) - 1
        return planned[wanted.call]

    def matches(self, path: str) -> dict[str, Any] | None:
        """Return the parameters in a path, `None` for one that is not its own."""
        match = self.route.path_regex.match(path)
        if match is None:
            return None
        convert = self.route.param_convertors
        return {name: convert[name].convert(text) for name, text in match.groupdict().items()}

    async def answer(self, request: Request) -> Response:
        """Return the answer to a request. Raises a `Refusal`, of parameters before all else."""
        query = request.query_params
        self.names.refuse_others(query)
        sources = {"path": request.path_params, "query": query, "header": request.headers}
        faults: list[dict[str, Any]] = []
        found: list[Any] = []
        *before, last = self._steps
        for step in before:
            values = _values(step, request, sources, found, faults)
            if faults:  # what depends on it is not asked, the other parameters are looked at
                found.append(None)
            else:
                found.append(await step.call(**values) if step.waits else step.call(**values))
        values = _values(last, request, sources, found, faults)
        if faults:
            raise unfit_parameters(faults)
        if last.waits:
            answer = await last.call(**values)
        else:
            answer = await run_in_threadpool(last.call, **values)
        return answer if isinstance(answer, Response) else json_response(answer)


class ShortWay:
    """All reads, by their paths."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        """Serve what some routers declare to be got."""
        self._reads: dict[str, list[Read]] = {}
        """Those of paths that begin alike, as they were declared."""
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                    self._reads.setdefault(_begin(route.path), []).append(Read(route))

    def find(self, scope: Scope) -> Read | None:
        """Return the read that a request's path names, noted in its scope; `None` for no read."""
        path = scope["path"]
        for read in self._reads.get(_begin(path), ()):
            given = read.matches(path)
            if given is not None:
                scope.update(route=read.route, path_params=given)
                return read
        return None


def _begin(path: str) -> str:
    """Return a path up to its second slash."""
    return path[: path.find("/", 1) + 1] or path + "/"


async def answer(read: Read, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for a read."""
    try:
        response = await read.answer(Request(scope, receive, send))
    except Refusal as refusal:
        response = problems.answered(scope, refusal)
    await response(scope, receive, send)


def _given(field: Any) -> _Given:
    info = field.field_info
    place, alias = info.in_.value, field.alias
    if place == "header" and alias == field.name:
        alias = alias.replace("_", "-")
    default = None if info.is_required() else field.default
    return _Given(field.name, place, alias, default, info.is_required(), field.validate)


def _values(
    step: _Step,
    request: Request,
    sources: Mapping[str, Mapping[str, str]],
    found: list[Any],
    faults: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return what a function is called with; what is wrong with the request goes to the faults."""
    values: dict[str, Any] = {name: found[number] for name, number in step.found}
    if step.request is not None:
        values[step.request] = request
    for name, place, alias, default, required, check in step.given:
        text = sources[place].get(alias)
        if text is not None:
            values[name], wrong = check(text, {}, loc=(place, alias))
            faults += wrong
        elif required:
            faults.append({"loc": (place, alias), "msg": "Field required"})
        else:
            values[name] = default
    return values
