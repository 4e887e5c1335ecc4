"""The application: routes, refusals as one sentence of JSON, and the guard before all of it."""

import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from burnish import __version__
from burnish.engine.options import EnhanceOptions
from burnish.errors import BurnishError
from burnish.server.fields import refuse_unknown
from burnish.server.gauges import Counter
from burnish.server.guard import Guard
from burnish.server.limits import Limits
from burnish.server.refusals import sentence
from burnish.server.routes import enhance, jobs, photos, system
from burnish.server.routes import looks as look_routes
from burnish.server.service import Service
from burnish.server.transfer import extra_headers

STATIC = Path(__file__).parent / "static"
ABOUT = (
    "Makes photos better: tone, colour and light. Options are query parameters of the same names "
    "as on the command line. Every refusal is a JSON object with one sentence, `error`."
)


def create_app(
    options: EnhanceOptions | None = None,
    limits: Limits | None = None,
    *,
    looks: Path | None = None,
    token: str | None = None,
    hosts: Collection[str] = (),
    any_address: bool = False,
) -> FastAPI:
    """The page and the API as an ASGI application.

    ``options`` hold where a client says nothing; ``looks`` is a folder of look files that clients
    may choose; ``hosts`` are names, besides the loopback's,
    under which the service answers (``any_address``: also under any IP address); with a ``token``,
    clients need it. Photos and results lie in a temporary folder that goes when the service stops.
    """
    service = Service(options or EnhanceOptions(), limits or Limits(), looks)
    session = secrets.token_urlsafe(32)
    app = FastAPI(
        title="burnish",
        version=__version__,
        description=ABOUT,
        lifespan=service.lifespan,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(system.router(service, session))
    for router in (
        enhance.router(service),
        photos.router(service),
        jobs.router(service),
        jobs.archive_router(service),
        look_routes.router(service),
        look_routes.learning_router(service),
    ):
        app.include_router(router, dependencies=[Depends(refuse_unknown)])

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/static", Static(directory=STATIC), name="static")
    add_error_handlers(app)
    app.add_middleware(Counter, gauges=service.gauges)
    app.add_middleware(
        Guard,  # added last, so it comes first
        limits=service.limits,
        token=token,
        session=session,
        hosts=hosts,
        any_address=any_address,
    )
    return app


class Static(StaticFiles):
    """The page's files, always asked for anew: they change with the version."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_error_handlers(app: FastAPI) -> None:
    """Every refusal in the same form: a status and one sentence."""

    def refused(request: Request, error: Any) -> Response:
        return answer(error.http_status, sentence(error), extra_headers(error))

    def invalid(request: Request, error: Any) -> Response:
        first = error.errors()[0]
        where = () if first["type"] == "json_invalid" else first["loc"][1:]
        place = ".".join(map(str, where)) or "body"
        return answer(422, f"{place}: {first['msg']}.")

    def plain(request: Request, error: Any) -> Response:
        headers = error.headers
        if error.status_code == 405:  # the framework names the methods of one route only
            headers = {"Allow": ", ".join(allowed(request))}
        return answer(error.status_code, f"{error.detail}.", headers)

    def unexpected(request: Request, error: Any) -> Response:
        return answer(500, sentence(error))

    app.add_exception_handler(BurnishError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unexpected)


def allowed(request: Request) -> list[str]:
    """The methods of all routes with this path."""
    schema = request.app.openapi()["paths"]
    route = request.scope.get("route")
    return sorted(method.upper() for method in schema.get(getattr(route, "path", ""), {"get": 0}))


def answer(status: int, error: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": error}, status, headers=headers)
