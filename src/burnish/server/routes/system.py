"""What the service is: health, numbers, models, limits, and the page's session."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from burnish import __version__
from burnish.server.gauges import MEDIA_TYPE
from burnish.server.guard import cookie_name
from burnish.server.limits import PREVIEW_SIDE
from burnish.server.routes.answers import INSTALLED, LookInfo, ModelInfo, refusals
from burnish.server.routes.looks import describe
from burnish.server.service import Service


class Health(BaseModel):
    """The service answers, and its threads live."""

    status: str
    version: str


class Info(BaseModel):
    """What a client should know before it sends photos."""

    version: str
    models: list[ModelInfo]
    looks: list[LookInfo]
    look: str
    strength: float
    formats: list[str]
    max_megabytes: int
    max_megapixels: int
    queue: int
    preview_side: int
    keep_seconds: int
    learn_pairs: int


def router(service: Service, session: str) -> APIRouter:
    """Routes that say things and do nothing."""
    routes = APIRouter(tags=["service"])

    @routes.get("/healthz", responses={503: {"model": Health, "description": "A thread died."}})
    def healthz(response: Response) -> Health:
        """Whether the service can do its work."""
        alive = all(thread.is_alive() for thread in service.workers.threads)
        response.status_code = 200 if alive else 503
        return Health(status="ok" if alive else "broken", version=__version__)

    @routes.get(
        "/metrics",
        response_class=Response,
        responses=refusals() | {200: {"content": {"application/openmetrics-text": {}}}},
    )
    def metrics() -> Response:
        """Counters for Prometheus."""
        return Response(service.gauges.text(), media_type=MEDIA_TYPE)

    @routes.get("/v1/models", responses=refusals())
    def models() -> list[ModelInfo]:
        """The models that can be named, the default first."""
        return infos(service)

    @routes.get("/v1/info", responses=refusals())
    def info() -> Info:
        """Limits, models and defaults."""
        limits = service.limits
        return Info(
            version=__version__,
            models=infos(service),
            looks=[describe(known) for known in service.looks.listed()],
            look=service.looks.default,
            strength=service.options.strength,
            formats=list(INSTALLED),
            max_megabytes=limits.max_megabytes,
            max_megapixels=limits.max_megapixels,
            queue=limits.queue,
            preview_side=PREVIEW_SIDE,
            keep_seconds=limits.keep_seconds,
            learn_pairs=limits.learn_pairs,
        )

    @routes.post("/v1/session", status_code=204, responses=refusals())
    def start_session(response: Response) -> None:
        """Trade the bearer token for a cookie, which lets a page download by plain links."""
        name = cookie_name(session)
        response.set_cookie(name, session, httponly=True, samesite="strict", path="/")

    return routes


def infos(service: Service) -> list[ModelInfo]:
    facts: list[dict[str, Any]] = [
        {
            "name": name,
            "default": number == 0,
            "scale": card.scale,
            "parameters": card.parameters,
            "description": card.description,
            "licence": card.licence,
        }
        for number, (name, card) in enumerate(service.cards.items())
    ]
    return [ModelInfo(**fact) for fact in facts]
