"""The composition root: the server's application, from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters.identity.passwords import Cost
from adapters.refusals import Refusal
from adapters.settings import Settings
from api.commands.routes import CommandRoutes
from api.imports.jobs.runner import Importing
from api.kernel import problems
from api.kernel.peers import Peers
from api.kernel.problems import InternalError, MethodNotAllowed
from api.kernel.process import Parts, Role
from api.kernel.reading.read_parameters import unfit_parameters
from api.kernel.routers import routers
from api.kernel.siblings import Siblings
from api.server.alarms import Watch
from api.server.gateway import Entrance
from api.server.openapi import describe
from api.server.short_way import ShortWay
from domain.kernel.aggregate import discover
from domain.kernel.commands import every_command
from projections.kernel.summary import listed
from projections.kernel.warehouse.facts import facts
from streams.kernel.worker import Worker

TITLE = "Keyline"
VERSION = "0.2.0"


def application(
    settings: Settings,
    role: Role = "api",
    password_cost: Cost | None = None,
    siblings: Siblings | None = None,
    inner: FastAPI | None = None,
    peers: Peers | None = None,
) -> Entrance:
    """Return a server as an ASGI application; its lifespan starts and stops the parts.

    A `warehouse` answers reports and questions about the past, and takes no commands;
    `password_cost` is what a guess at a password costs, if not the usual; with `siblings` other
    processes keep rows and warehouse, with `peers` others answer at its address; `inner` is a
    `router_application` of this server alone, if it was made before.
    """
    parts = Parts(settings, role, password_cost, siblings, peers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        parts.start()
        watch, imports = Worker("watch", Watch(parts).work), parts.own(Importing)
        importing = Worker("imports", imports.work)
        watch.start()
        if role == "api":
            parts.workers.append(importing)
            importing.start()
        try:
            yield
        finally:
            importing.halt()
            imports.wake()
            watch.stop()
            importing.stop()
            imports.close()
            if parts.elsewhere is not None:
                await parts.elsewhere.close()
            parts.stop()

    inner = inner or router_application()
    inner.router.lifespan_context = lifespan
    inner.state.parts = parts
    commands = CommandRoutes(parts) if role == "api" else None
    inner.state.entrance = Entrance(parts, inner, ShortWay(routers()), commands)
    return inner.state.entrance  # type: ignore[no-any-return]


def router_application() -> FastAPI:
    """Return the application of all reads, with the document of everything."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Routers that are included have each of their routes built once more.
        routes=[route for router in routers() for route in router.routes],
    )
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)
    describe(app)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problems.answered(request.scope, error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and error.headers:
        return problems.answered(request.scope, MethodNotAllowed(error.headers.get("allow", "")))
    return problems.answered(request.scope, problems.by_status(error.status_code, error.detail))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problems.answered(request.scope, unfit_parameters(error.errors()))


async def _failed(request: Request, _: Exception) -> Response:
    """Answer; the entrance logs what happened."""
    return problems.response(InternalError(f"Its trace id is {request.state.trace}."))


def warmed() -> FastAPI:
    """Make what servers make of the code alone, for copies of this process; return its routers."""
    discover()
    assert all(model.fingerprint for model in listed().values())
    assert all(fact.fingerprint for fact in facts().values())
    every_command()
    return router_application()
