"""Photos that a client leaves here for a while: to look at, to preview, and for jobs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError
from burnish.image.encode import encode
from burnish.server.darkroom import Box, look
from burnish.server.fields import chooser, refuse_form
from burnish.server.refusals import NotReady, NotThere
from burnish.server.routes.answers import (
    BINARY,
    MEDIA_TYPES,
    PHOTO_BODY,
    Id,
    PhotoInfo,
    ScreenFormat,
    box,
    links,
    refusals,
)
from burnish.server.service import Service
from burnish.server.store import Stored
from burnish.server.worker import Enhancers, Task

QUALITY = 90
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture, in sRGB.",
        "content": {MEDIA_TYPES[kind]: BINARY for kind in ("png", "jpeg", "webp")},
        "headers": {
            "Burnish-Exact": {
                "description": "true if these are the pixels of the full-size result.",
                "schema": {"type": "string", "enum": ["true", "false"]},
            }
        },
    }
}
Screen = Annotated[
    ScreenFormat, Query(alias="as", description="Format for the screen; png loses nothing.")
]


def router(service: Service) -> APIRouter:
    """Routes about single photos."""
    routes = APIRouter(prefix="/v1/photos", tags=["photos"])
    choose = chooser(service.options, service.models, service.looks)

    @routes.post(
        "",
        status_code=201,
        dependencies=[Depends(refuse_form)],
        openapi_extra=PHOTO_BODY,
        responses=refusals(429, 501)
        | {201: links("photo_id", "describe_photo", "view_photo", "preview_photo", "delete_photo")},
    )
    async def add_photo(
        request: Request,
        name: Annotated[
            str, Query(max_length=200, description="File name, shown and used for downloads.")
        ] = "photo",
    ) -> PhotoInfo:
        """Leave a photo here; it is checked by its header, and deleted when unused for long."""
        declared = int(request.headers.get("content-length") or 0)
        return info(await service.store.receive(request.stream(), name, declared))

    @routes.get("/{photo_id}", responses=refusals(404))
    def describe_photo(photo_id: Id) -> PhotoInfo:
        """What is known of a photo."""
        return info(service.store.get(photo_id))

    @routes.delete("/{photo_id}", status_code=204, responses=refusals(404, 409))
    def delete_photo(photo_id: Id) -> None:
        """Delete a photo; not while a job needs it."""
        if service.store.get(photo_id).uses:
            raise NotReady("A job still needs the photo.")
        service.forget_photo(photo_id)

    @routes.get(
        "/{photo_id}/view",
        response_class=Response,
        responses=refusals(404, 429, 501, 503, 504) | PICTURE,
    )
    async def view_photo(
        request: Request,
        photo_id: Id,
        part: Annotated[Box, Depends(box)],
        kind: Screen = "png",
    ) -> Response:
        """A part of the photo as it is, for the screen."""
        photo = service.store.get(photo_id)
        return await show(service, request, photo, part, kind)

    @routes.get(
        "/{photo_id}/preview",
        response_class=Response,
        responses=refusals(404, 429, 501, 503, 504) | PICTURE,
    )
    async def preview_photo(
        request: Request,
        photo_id: Id,
        part: Annotated[Box, Depends(box)],
        options: Annotated[EnhanceOptions, Depends(choose)],
        kind: Screen = "png",
    ) -> Response:
        """A part of the photo enhanced, judged by the whole photo.

        A part no longer than `size` is exactly that part of the full-size result. A larger one is
        reduced first, and close to it.
        """
        photo = service.store.get(photo_id)
        return await show(service, request, photo, part, kind, options)

    return routes


async def show(
    service: Service,
    request: Request,
    photo: Stored,
    part: Box,
    kind: ScreenFormat,
    options: EnhanceOptions | None = None,
) -> Response:
    """Have the preview thread make a picture of a part of a stored photo."""

    def work(enhancers: Enhancers, task: Task) -> tuple[bytes, bool]:
        try:
            decoded = service.darkroom.open(photo.id, photo.path)
        except (InputError, FileNotFoundError):
            if photo.path.exists():
                raise
            raise NotThere("There is no such photo, or no longer.") from None  # deleted since
        task.check()
        enhancer = enhancers.get(options) if options else None
        picture, exact = look(decoded, part, enhancer)
        task.check()
        return encode(picture, kind, quality=None if kind == "png" else QUALITY), exact

    with photo.named():
        content, exact = await service.do(service.previews, work, request)
    headers = {"Burnish-Exact": str(exact).lower(), "Cache-Control": "private, max-age=600"}
    return Response(content, media_type=MEDIA_TYPES[kind], headers=headers)


def info(photo: Stored) -> PhotoInfo:
    header = photo.header
    return PhotoInfo(
        id=photo.id,
        name=photo.name,
        format=header.format,
        width=header.width,
        height=header.height,
        bytes=photo.bytes,
    )
