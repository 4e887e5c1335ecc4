"""Looks: which there are, learning one from pairs of photos, and taking it home."""

import base64
import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from burnish.errors import OptionError
from burnish.look.learn import FEWEST
from burnish.look.options import LearnOptions
from burnish.look.report import STYLE
from burnish.server.fields import LOOK_ID
from burnish.server.learning import Learning
from burnish.server.looks import SUFFIX, Known
from burnish.server.names import harmless, shown
from burnish.server.refusals import NotThere
from burnish.server.routes.answers import (
    BINARY,
    AsideInfo,
    Id,
    IdText,
    LearningInfo,
    LookInfo,
    links,
    refusals,
)
from burnish.server.service import Service

MOST = 1000
"""Photos a side in one request, whatever the limit of pairs."""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
REPORT_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox"
    )
}
LookId = Annotated[str, Path(pattern=LOOK_ID, description="As given by this service.")]
Side = Annotated[list[IdText], Field(min_length=FEWEST, max_length=MOST)]


class NewLook(BaseModel):
    """Photos by the ids that POST /v1/photos gave; what belongs together is found out."""

    model_config = ConfigDict(extra="forbid")

    before: Side
    after: Side
    name: str = Field(default="my look", max_length=60)
    licence: str = Field(default="", max_length=300)
    base: Literal["auto", "none"] = Field(
        default="auto", description="Whether the look may start from the shipped network."
    )


def router(service: Service) -> APIRouter:
    """Routes about looks that are there."""
    routes = APIRouter(prefix="/v1/looks", tags=["looks"])

    @routes.get("", responses=refusals())
    def list_looks() -> list[LookInfo]:
        """The looks that came with the service; learned ones are known by their ids alone."""
        return [describe(known) for known in service.looks.listed()]

    @routes.get("/{look_id}", responses=refusals(404))
    def describe_look(look_id: LookId) -> LookInfo:
        """What is known of a look."""
        return describe(service.looks.get(look_id))

    @routes.get(
        "/{look_id}/file",
        response_class=FileResponse,
        responses=refusals(404) | {200: {"content": {"application/octet-stream": BINARY}}},
    )
    def download_look(look_id: LookId) -> FileResponse:
        """The look file, for `burnish enhance --look` and `burnish serve --looks`."""
        known = service.looks.get(look_id)
        return FileResponse(
            known.path,
            media_type="application/octet-stream",
            filename=f"{harmless(known.card.name, 'look')}{SUFFIX}",
        )

    @routes.get(
        "/{look_id}/report",
        response_class=FileResponse,
        responses=refusals(404) | {200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
    )
    def look_report(look_id: LookId) -> FileResponse:
        """What to expect of a look that was learned here, with pictures: one HTML page."""
        report = service.looks.get(look_id).report
        if report is None:
            raise NotThere("There is no report of this look here.")
        return FileResponse(report, media_type="text/html", headers=REPORT_HEADERS)

    @routes.delete("/{look_id}", status_code=204, responses=refusals(404, 409))
    def delete_look(look_id: LookId) -> None:
        """Delete a look that was learned here; not while a job needs it."""
        service.forget_look(service.looks.get(look_id))

    return routes


def learning_router(service: Service) -> APIRouter:
    """Routes about looks that are being learned."""
    routes = APIRouter(prefix="/v1/learnings", tags=["looks"])
    after: dict[int | str, dict[str, Any]] = {
        202: links("learning_id", "learning_progress", "cancel_learning")
    }

    @routes.post("", status_code=202, responses=refusals(404, 429) | after)
    def learn_look(wanted: NewLook) -> LearningInfo:
        """Learn a look from photos before and after; the photos may be deleted when it is done."""
        most = service.limits.learn_pairs
        sides = [list(dict.fromkeys(side)) for side in (wanted.before, wanted.after)]
        if max(map(len, sides)) > most:
            raise OptionError(f"A look is learned from at most {most} pairs here.")
        options = LearnOptions(
            name=shown(wanted.name, "my look"),
            licence=" ".join(wanted.licence.split()),
            base=wanted.base,
            threads=service.options.threads,
        )
        before, finished = ([service.store.get(id) for id in side] for side in sides)
        return progress(service.learnings.submit(before, finished, options))

    @routes.get("/{learning_id}", responses=refusals(404))
    def learning_progress(learning_id: Id) -> LearningInfo:
        """How far it is, and what came of it."""
        return progress(service.learnings.get(learning_id))

    @routes.post("/{learning_id}/cancel", responses=refusals(404))
    def cancel_learning(learning_id: Id) -> LearningInfo:
        """Stop it; nothing is kept."""
        learning = service.learnings.get(learning_id)
        service.learnings.cancel(learning)
        return progress(learning)

    return routes


def describe(known: Known) -> LookInfo:
    card = known.card
    return LookInfo(
        id=known.id,
        name=card.name,
        pairs=card.pairs,
        base=card.base,
        licence=card.licence,
        learned=known.folder is not None,
    )


def progress(learning: Learning) -> LearningInfo:
    left = learning.seconds_left
    return LearningInfo(
        id=learning.id,
        state=learning.state,
        step=learning.step,
        share=1.0 if learning.state == "done" else round(learning.task.share, 4),
        seconds_left=None if left is None else round(left, 1),
        reason=learning.reason,
        sentences=learning.sentences,
        aside=[AsideInfo(name=a.name, reason=a.reason) for a in learning.aside],
        look=describe(learning.look) if learning.look else None,
    )
