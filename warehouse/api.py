"""The store over HTTP: an application for any ASGI server.

    app = create_app(desk, bearer)

Every address under ``/v1/`` needs a bearer token (:mod:`warehouse.serve.bearer`); who may do
what stands in :mod:`warehouse.access`; what goes wrong is told as problem details (RFC 9457).
``/health/live``, ``/health/ready``, ``/metrics`` and ``/openapi.json`` need none and tell
nothing about anybody.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from foundation.errors import SohoaError
from warehouse.serve import audits, consents, records
from warehouse.serve.asked import DepositIn
from warehouse.serve.bearer import Bearer
from warehouse.serve.case import ServiceDesk
from warehouse.serve.gate import GUARDED, Gate, Measure, note_fault
from warehouse.serve.meters import Meters
from warehouse.serve.problems import MEDIA_TYPE, of_checks, of_error, problem, status_of

#: Uploads taken in at once, and deposits judged and written at once; others wait their turn.
_UPLOADS, _DEPOSITS = 64, 8
_STATUS_CAUSES = {404: "no-such-address", 405: "no-such-method", 408: "too-slow", 413: "too-large"}


def create_app(
    desk: ServiceDesk,
    bearer: Bearer,
    measure: Measure = Measure(),  # noqa: B008  a frozen value
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """The application.

    Args:
        routers: further pages, such as the verification page; they need no token.
    """
    meters = Meters()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.uploads = anyio.Semaphore(_UPLOADS)
        app.state.depositing = anyio.CapacityLimiter(_DEPOSITS)
        app.state.walking = anyio.CapacityLimiter(1)
        yield

    app = FastAPI(
        title="sohoa",
        version="1",
        description=__doc__.partition("\n\n")[0],
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.desk, app.state.meters = desk, meters
    app.add_middleware(Gate, bearer=bearer, meters=meters, measure=measure)
    for part in (records.router, consents.router, audits.router):
        app.include_router(part, prefix=GUARDED.rstrip("/"))
    app.include_router(_open_routes(desk, bearer, meters))
    for router in routers:
        app.include_router(router)
    _tell_in_our_form(app, meters)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _open_routes(desk: ServiceDesk, bearer: Bearer, meters: Meters) -> APIRouter:
    """What a monitor asks for."""
    router = APIRouter(tags=["operation"])

    @router.get("/health/live")
    def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @router.get("/health/ready")
    def ready() -> dict[str, str]:
        """Store and keys are there: requests can be carried out."""
        desk.warehouse.service.ready()
        bearer.keys.find("")
        return {"status": "ready"}

    @router.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Counts and times for Prometheus."""
        return meters.shown()

    return router


def _tell_in_our_form(app: FastAPI, meters: Meters) -> None:
    """Every refusal as problem details."""

    def refused(_request: Request, error: Exception) -> Response:
        if not isinstance(error, SohoaError):
            raise error
        meters.refusals.labels(error.message_id).inc()
        if status_of(error) >= 500:
            note_fault(error)
        return of_error(error)

    def http(_request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        cause = _STATUS_CAUSES.get(error.status_code, "")
        return problem(error.status_code, cause, headers=error.headers)

    def unfit(_request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return of_checks(error.errors())

    app.add_exception_handler(SohoaError, refused)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, unfit)


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with what FastAPI cannot know: tokens, problems, the upload."""
    if app.openapi_schema is None:
        said = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        parts = said.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        upload = DepositIn.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(upload.pop("$defs", {}))
        schemas["DepositIn"] = upload
        schemas["Problem"] = _PROBLEM
        parts["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        for path, verbs in said["paths"].items():
            for verb in verbs.values():
                _describe_refusals(verb, guarded=path.startswith(GUARDED))
        app.openapi_schema = said
    return app.openapi_schema


def _describe_refusals(verb: dict[str, Any], *, guarded: bool) -> None:
    problem_ = {"$ref": "#/components/schemas/Problem"}
    told = {"description": "Refused.", "content": {MEDIA_TYPE: {"schema": problem_}}}
    verb["responses"].pop("422", None)
    verb["responses"]["default"] = told
    if guarded:
        verb["security"] = [{"token": []}]


_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
