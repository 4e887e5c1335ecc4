"""One photo in, one photo out, in a single request."""

import json
import secrets
import threading
import time
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from burnish.engine.options import EnhanceOptions
from burnish.server.develop import Output, Result, enhance_file, output_suffix
from burnish.server.fields import chooser, refuse_form
from burnish.server.names import with_suffix
from burnish.server.routes.answers import BINARY, MEDIA_TYPES, PHOTO_BODY, output, refusals
from burnish.server.service import Service
from burnish.server.store import Store
from burnish.server.worker import Enhancers, Task


class Once(FileResponse):
    """A result that is deleted once it was sent, or could not be."""

    store: Store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.store.drop(Path(self.path))


def router(service: Service) -> APIRouter:
    """The synchronous route."""
    routes = APIRouter(tags=["one photo"])
    choose = chooser(service.options, service.models, service.looks)

    @routes.post(
        "/v1/enhance",
        response_class=FileResponse,
        dependencies=[Depends(refuse_form)],
        openapi_extra=PHOTO_BODY,
        responses=refusals(404, 409, 429, 501, 503, 504)
        | {
            200: {
                "description": "The enhanced photo.",
                "content": dict.fromkeys(MEDIA_TYPES.values(), BINARY),
                "headers": {
                    "Burnish-Notes": {
                        "description": "JSON list of sentences about what could not be kept.",
                        "schema": {"type": "string"},
                    }
                },
            }
        },
    )
    async def enhance(
        request: Request,
        options: Annotated[EnhanceOptions, Depends(choose)],
        written: Annotated[Output, Depends(output)],
        name: Annotated[
            str, Query(max_length=200, description="File name; tells kinds of camera raw apart.")
        ] = "photo",
    ) -> FileResponse:
        """Enhance one photo: the file as the body, the enhanced file as the answer.

        Size, pixel count and type are checked before anything is decoded.
        """
        declared = int(request.headers.get("content-length") or 0)
        photo = await service.store.receive(request.stream(), name, declared)
        target = service.root / "jobs" / secrets.token_urlsafe(16)
        target = target.with_suffix(output_suffix(photo.header.format, written))

        abandoned = threading.Event()

        def work(enhancers: Enhancers, task: Task) -> Result:
            store, start = service.store, time.monotonic()
            done = enhance_file(photo.path, target, options, written, store, enhancers, task)
            if abandoned.is_set():
                store.drop(target)
            service.learn(photo.header.megapixels, time.monotonic() - start)
            return done

        photo.uses += 1
        try:
            with photo.named():
                result: Result = await service.do(service.photos, work, request)
        except BaseException:
            abandoned.set()
            service.store.drop(target)
            raise
        finally:
            service.store.delete(photo)
        answer = Once(
            result.path,
            media_type=MEDIA_TYPES[result.format],
            filename=with_suffix(photo.name, target.suffix),
            headers={"Burnish-Notes": json.dumps([photo.said(note) for note in result.notes])},
        )
        answer.store = service.store
        return answer

    return routes
