"""What answers look like: shared by all routes, and the source of the OpenAPI schema."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from fastapi import Path, Query
from pydantic import BaseModel, StringConstraints

from burnish.image.formats import FORMATS, is_installed
from burnish.image.metadata import POLICIES
from burnish.server.darkroom import Box
from burnish.server.develop import Output
from burnish.server.limits import PREVIEW_SIDE
from burnish.server.worker import State

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "avif": "image/avif",
    "heic": "image/heic",
}
INSTALLED = tuple(filter(is_installed, FORMATS))
"""Formats that can be written here."""
if TYPE_CHECKING:
    Format = Literal["jpeg", "png", "webp", "tiff", "avif", "heic"]
else:
    Format = Literal[INSTALLED]
Policy = Literal["keep", "copyright", "strip"]
ScreenFormat = Literal["png", "jpeg", "webp"]
assert MEDIA_TYPES.keys() == set(FORMATS) and set(get_args(Policy)) == set(POLICIES)

IdText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")]
Id = Annotated[IdText, Path(description="As given by this service.")]
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
PHOTO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The photo file: JPEG, PNG, WebP, TIFF, AVIF; HEIC and raw if installed.",
        "content": {"application/octet-stream": BINARY, "image/*": BINARY},
    }
}


class Error(BaseModel):
    """Why not, in one sentence."""

    error: str


REFUSALS = {
    400: "An option makes no sense.",
    401: "The token is missing or wrong.",
    403: "Host or origin is not this service's.",
    404: "No such photo, job or result, or no longer.",
    408: "The body did not arrive in time.",
    409: "Not possible now, or not in this format.",
    413: "The body is too large.",
    422: "Not a photo, too many pixels, or a parameter that makes no sense.",
    429: "The queue or the disk space is full: Retry-After says when to try again.",
    501: "A format that is not installed here.",
    503: "Cancelled, or the service is stopping.",
    504: "It took too long.",
}


def links(parameter: str, *operations: str) -> dict[str, Any]:
    """Where the id of an answer leads."""
    parameters = {parameter: "$response.body#/id"}
    return {"links": {o: {"operationId": o, "parameters": parameters} for o in operations}}


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Documented refusals; every route may also refuse who asks and how."""
    return {
        code: {"model": Error, "description": REFUSALS[code]}
        for code in sorted({400, 401, 403, 408, 413, 422, *codes})
    }


def output(
    format: Annotated[
        Format | None, Query(description="Format of the result, if not the photo's own.")
    ] = None,
    quality: Annotated[
        int | None, Query(ge=1, le=100, description="Quality of JPEG, WebP, AVIF and HEIC.")
    ] = None,
    metadata: Annotated[Policy, Query(description="What of EXIF, XMP and IPTC to keep.")] = "keep",
) -> Output:
    """How results are written, from the query."""
    return Output(format, quality, metadata)


PIXEL = {"ge": 0, "le": 1_000_000}


def box(
    x: Annotated[int, Query(**PIXEL, description="Left edge in pixels of the photo.")] = 0,
    y: Annotated[int, Query(**PIXEL, description="Upper edge.")] = 0,
    width: Annotated[int | None, Query(ge=1, le=1_000_000, description="All, if left out.")] = None,
    height: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    size: Annotated[
        int,
        Query(ge=16, le=PREVIEW_SIDE, description="Longest side; what is larger is reduced first."),
    ] = 512,
) -> Box:
    """A part of a photo, from the query."""
    return Box(x, y, width, height, size)


class PhotoInfo(BaseModel):
    """A photo that was taken in."""

    id: str
    name: str
    format: str
    width: int
    height: int
    bytes: int


class ResultInfo(BaseModel):
    """An enhanced photo."""

    name: str
    format: str
    width: int
    height: int
    bytes: int
    notes: list[str]


class ItemInfo(BaseModel):
    """A photo of a job."""

    photo: str
    name: str
    state: State
    share: float
    reason: str
    result: ResultInfo | None


class JobInfo(BaseModel):
    """A job and how far it is; ``seconds_left`` is an estimate, null while nothing is known."""

    id: str
    state: State
    total: int
    done: int
    failed: int
    cancelled: int
    share: float
    seconds_left: float | None
    photos: list[ItemInfo]


class LookInfo(BaseModel):
    """A look that can be chosen by its id; ``learned`` here, or one of the service's own."""

    id: str
    name: str
    pairs: int
    base: str
    licence: str
    learned: bool


class AsideInfo(BaseModel):
    """A photo that nothing was learned from, and why."""

    name: str
    reason: str


class LearningInfo(BaseModel):
    """A look that is being learned; ``seconds_left`` is an estimate, null while nothing is known.

    ``sentences`` say what to expect of it, the gain first.
    """

    id: str
    state: State
    step: str
    share: float
    seconds_left: float | None
    reason: str
    sentences: list[str]
    aside: list[AsideInfo]
    look: LookInfo | None


class ModelInfo(BaseModel):
    """A model that can be named."""

    name: str
    default: bool
    scale: int
    parameters: int
    description: str
    licence: str
