"""`burnish.enhance`: one function for whatever a picture comes as; the result is of the same kind.

docs/python.md is the reference.
"""

from __future__ import annotations

import difflib
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError
from burnish.image.arrays import to_array
from burnish.image.encode import check_encoding, encode
from burnish.image.formats import format_of
from burnish.image.photo import Photo
from burnish.image.pillow import from_pillow, to_pillow
from burnish.image.read import Encoded, read
from burnish.image.write import check_target, write

if TYPE_CHECKING:
    from PIL.Image import Image

KEPT = 4
"""Enhancers that stay loaded, one for each set of options used last."""
_loading = Lock()


@overload
def enhance(
    source: Encoded,
    out: None = None,
    *,
    format: str | None = None,
    metadata: str = "keep",
    quality: int | None = None,
    **options: Any,
) -> bytes: ...
@overload
def enhance(source: str | Path, out: None = None, **options: Any) -> Photo: ...
@overload
def enhance(
    source: str | Path,
    out: str | Path,
    *,
    format: str | None = None,
    metadata: str = "keep",
    quality: int | None = None,
    overwrite: bool = False,
    **options: Any,
) -> Path: ...
@overload
def enhance(source: Photo, out: None = None, **options: Any) -> Photo: ...
@overload
def enhance(source: np.ndarray, out: None = None, **options: Any) -> np.ndarray: ...
@overload
def enhance(source: Image, out: None = None, **options: Any) -> Image: ...


def enhance(
    source: Any,
    out: str | Path | None = None,
    *,
    format: str | None = None,
    metadata: str = "keep",
    quality: int | None = None,
    overwrite: bool = False,
    **options: Any,
) -> Any:
    """Enhance one picture; may be called from several threads.

    Bytes of a file give bytes of a file of the same format, metadata included. A path gives a
    `Photo`, or with ``out`` a file there and its path. An array (uint8, uint16, or float32 in 0 to
    1; H x W, or with 1, 3 or 4 channels) gives an array of its dtype and channels, a Pillow image
    one of its mode, a `Photo` a `Photo`.

    ``options`` are the fields of `EnhanceOptions`. ``format``, ``metadata`` and ``quality`` are for
    results that are encoded, ``overwrite`` is for ``out``.
    """
    for_files = (format, metadata, quality, overwrite) != (None, "keep", None, False)
    is_bytes, is_path = isinstance(source, Encoded), _is_path(source)
    if out is not None and not is_path:
        raise OptionError("out is for a source that is a path; write other results yourself.")
    if out is not None and not _is_path(out):
        raise OptionError(f"out must be a path, not {out!r}.")
    if for_files and not is_bytes and out is None:
        raise OptionError(
            "format, metadata, quality and overwrite are for bytes, or for a path with out."
        )
    if is_bytes and overwrite:
        raise OptionError("overwrite is for a path with out: bytes overwrite nothing.")
    better = enhancer_for(options)
    encoding: Any = {"metadata": metadata, "quality": quality}
    if is_bytes:
        photo = read(source)
        check_encoding(photo, format, **encoding, scale=better.scale)
        return encode(better(photo), format, **encoding)
    if is_path:
        photo = read(source)
        if out is None:
            return better(photo)
        out = Path(out)
        format = format or format_of(out.name)
        check_target(out, photo.source.path, overwrite)
        check_encoding(photo, format, **encoding, scale=better.scale)
        write(better(photo), out, format=format, overwrite=overwrite, **encoding)
        return out
    if isinstance(source, Photo):
        return better(source)
    if isinstance(source, np.ndarray):
        return to_array(better(Photo.from_array(source)), like=source)
    return to_pillow(better(from_pillow(_pillow(source))), like=source)


def enhancer_for(choices: dict[str, Any]) -> Enhancer:
    """The loaded enhancer for these options."""
    known = [f.name for f in fields(EnhanceOptions)]
    for name in choices:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
            raise OptionError(f"There is no option '{name}': {hint}")
    with _loading:  # the same model is not loaded twice at a time
        made = EnhanceOptions(**choices)
        return _load(made, _state(made.look), _state(str(Path(made.model, "card.json"))))


@lru_cache(KEPT)
def _load(options: EnhanceOptions, look: tuple[int, int], card: tuple[int, int]) -> Enhancer:
    return Enhancer(options)


def _state(file: str) -> tuple[int, int]:
    """Time and size of a file, which may be made anew; zeros for what is not there."""
    try:
        facts = Path(file).stat()
    except (OSError, ValueError):  # ValueError: of a NUL
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


def _is_path(source: Any) -> bool:
    return isinstance(source, str | Path)


def _pillow(source: Any) -> Image:
    from PIL import Image

    if not isinstance(source, Image.Image):
        raise OptionError(
            f"A {type(source).__name__} is no picture: give bytes, a path, an array, a Pillow "
            "image or a Photo."
        )
    return source
