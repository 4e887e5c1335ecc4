"""Many photos with one set of options: submit, watch, cancel, download one or all."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from burnish.engine.options import EnhanceOptions
from burnish.image.read import Header
from burnish.server.archive import stream
from burnish.server.darkroom import Box
from burnish.server.develop import Output, Result
from burnish.server.fields import chooser
from burnish.server.jobs import Item, Job
from burnish.server.names import distinct
from burnish.server.refusals import NotReady, NotThere
from burnish.server.routes.answers import (
    BINARY,
    MEDIA_TYPES,
    Id,
    IdText,
    ItemInfo,
    JobInfo,
    ResultInfo,
    box,
    links,
    output,
    refusals,
)
from burnish.server.routes.photos import PICTURE, Screen, show
from burnish.server.service import Service, result_key
from burnish.server.store import Stored

MOST = 10_000
"""Photos in one job, whatever the queue's length."""
MOST_JOBS = 1000
"""Jobs in one ZIP: their ids must fit into an address, of which the protocol takes 32 kB."""


class NewJob(BaseModel):
    """Photos by the ids that POST /v1/photos gave."""

    model_config = ConfigDict(extra="forbid")

    photos: list[IdText] = Field(min_length=1, max_length=MOST)


def router(service: Service) -> APIRouter:
    """Routes about jobs."""
    routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    choose = chooser(service.options, service.models, service.looks)

    @routes.post(
        "",
        status_code=202,
        responses=refusals(404, 429, 501)
        | {202: links("job_id", "job_progress", "cancel_job", "delete_job")},
    )
    def submit_job(
        job: NewJob,
        options: Annotated[EnhanceOptions, Depends(choose)],
        written: Annotated[Output, Depends(output)],
    ) -> JobInfo:
        """Queue photos; all of them are taken, or none."""
        photos = [service.store.get(id) for id in dict.fromkeys(job.photos)]
        return describe(service, service.jobs.submit(photos, options, written))

    @routes.get("/{job_id}", responses=refusals(404))
    def job_progress(job_id: Id) -> JobInfo:
        """How far a job is."""
        return describe(service, service.jobs.get(job_id))

    @routes.post("/{job_id}/cancel", responses=refusals(404))
    def cancel_job(job_id: Id) -> JobInfo:
        """Stop a job; what is done stays, and can be downloaded."""
        job = service.jobs.get(job_id)
        service.jobs.cancel(job)
        return describe(service, job)

    @routes.delete("/{job_id}", status_code=204, responses=refusals(404))
    def delete_job(job_id: Id) -> None:
        """Stop a job and delete its results."""
        service.forget_job(job_id)

    @routes.get(
        "/{job_id}/results/{photo_id}",
        response_class=FileResponse,
        responses=refusals(404, 409)
        | {200: {"content": dict.fromkeys(MEDIA_TYPES.values(), BINARY)}},
    )
    def download_result(job_id: Id, photo_id: Id) -> FileResponse:
        """One result, as a file with its name and metadata."""
        item, result = finished(service, job_id, photo_id)
        return FileResponse(result.path, media_type=MEDIA_TYPES[result.format], filename=item.name)

    @routes.get(
        "/{job_id}/results/{photo_id}/view",
        response_class=Response,
        responses=refusals(404, 409, 429, 501, 503, 504) | PICTURE,
    )
    async def view_result(
        request: Request,
        job_id: Id,
        photo_id: Id,
        part: Annotated[Box, Depends(box)],
        kind: Screen = "png",
    ) -> Response:
        """A part of a result, for the screen."""
        item, result = finished(service, job_id, photo_id)
        key = result_key(job_id, photo_id)
        header = Header(result.width, result.height, result.format)
        stored = Stored(key, item.name, result.path, result.bytes, header)
        return await show(service, request, stored, part, kind)

    return routes


def archive_router(service: Service) -> APIRouter:
    """The route that packs results of one or several jobs."""
    routes = APIRouter(tags=["jobs"])

    @routes.get(
        "/v1/zip",
        response_class=StreamingResponse,
        responses=refusals(404, 409) | {200: {"content": {"application/zip": BINARY}}},
    )
    def download_zip(
        job: Annotated[
            list[IdText],
            Query(min_length=1, max_length=MOST_JOBS, description="Ids of finished jobs."),
        ],
        without: Annotated[
            list[IdText],
            Query(max_length=MOST_JOBS, description="Ids of photos that are to be left out."),
        ] = [],  # noqa: B006 (FastAPI copies it)
    ) -> StreamingResponse:
        """All results of finished jobs; what failed is listed in failed.txt inside.

        Of a photo that is in several of the jobs, the last result counts.
        """
        items: dict[str, Item] = {}
        for found in map(service.jobs.get, job):
            if not found.finished:
                raise NotReady("The job is not finished yet.")
            done = {photo: item for photo, item in found.items.items() if item.result}
            items = {**found.items, **items, **done}
        for id in without:
            items.pop(id, None)
        results = [(item.name, item.result) for item in items.values() if item.result]
        if not results:
            raise NotReady("There are no results.")
        names = distinct([name for name, _ in results])
        files = [(name, result.path) for name, (_, result) in zip(names, results, strict=True)]
        failed = [f"{i.photo.name}: {i.reason}\n" for i in items.values() if i.reason]
        texts = [("failed.txt", "".join(failed))] if failed else []
        disposition = {"Content-Disposition": 'attachment; filename="burnish.zip"'}
        return StreamingResponse(
            stream(files, texts), media_type="application/zip", headers=disposition
        )

    return routes


def finished(service: Service, job_id: str, photo_id: str) -> tuple[Item, Result]:
    """A photo of a job with its result."""
    item = service.jobs.get(job_id).items.get(photo_id)
    if item is None:
        raise NotThere("The job has no such photo.")
    if item.result is None:
        raise NotReady("There is no result: the photo is not finished, or was not enhanced.")
    return item, item.result


def describe(service: Service, job: Job) -> JobInfo:
    items = list(job.items.values())
    total = sum(item.megapixels for item in items) or 1.0
    left = service.jobs.seconds_left(job)
    return JobInfo(
        id=job.id,
        state=job.state,
        total=len(items),
        done=job.count("done"),
        failed=job.count("failed"),
        cancelled=job.count("cancelled"),
        share=round(1 - job.left / total, 4),
        seconds_left=None if left is None else round(left, 1),
        photos=[describe_item(item) for item in items],
    )


def describe_item(item: Item) -> ItemInfo:
    return ItemInfo(
        photo=item.photo.id,
        name=item.photo.name,
        state=item.state,
        share=1.0 if item.state == "done" else round(item.task.share, 4),
        reason=item.reason,
        result=describe_result(item) if item.result else None,
    )


def describe_result(item: Item) -> ResultInfo:
    result = item.result
    assert result is not None
    return ResultInfo(
        name=item.name,
        format=result.format,
        width=result.width,
        height=result.height,
        bytes=result.bytes,
        notes=[item.photo.said(note) for note in result.notes],
    )
