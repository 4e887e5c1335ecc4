"""Camera raw through the extra `raw` (rawpy): 16-bit sRGB with the camera's white balance."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from burnish.errors import InputError, MissingExtraError
from burnish.image.decode import Samples, strips_of
from burnish.image.opened import Opened


def rawpy() -> Any:
    """The package; MissingExtraError where it is not installed."""
    try:
        import rawpy as module
    except ImportError:
        raise MissingExtraError("Camera raw", "raw") from None
    return module


def open_raw(source: Path | bytes, name: str) -> Opened:
    """LibRaw turns the picture upright while it develops it."""
    module = rawpy()
    try:
        raw = module.imread(readable(source))
    except (module.LibRawError, OSError) as error:
        raise InputError(f"{name} cannot be read as camera raw ({explain(error)}).") from None
    sizes = raw.sizes
    width, height = sizes.width, sizes.height
    if sizes.flip in (5, 6):
        width, height = height, width

    def samples() -> Samples:
        try:
            with raw:
                array = raw.postprocess(
                    use_camera_wb=True,
                    output_bps=16,
                    output_color=module.ColorSpace.sRGB,
                    gamma=(2.4, 12.92),
                    no_auto_bright=True,  # else 1 % of all pixels is clipped, whatever the exposure
                )
        except module.LibRawError as error:
            raise InputError(f"{name} is truncated or damaged ({explain(error)}).") from None
        return Samples(array.shape[0], array.shape[1], 3, 16, strips_of(array))

    return Opened(width=width, height=height, mode="rgb", samples=samples)


def readable(source: Path | bytes) -> str | BinaryIO:
    """What rawpy opens: a name if it can, of which it reads no more than it needs, else a file."""
    if isinstance(source, Path):
        try:
            str(source).encode()
        except UnicodeEncodeError:  # rawpy takes no other names than UTF-8
            source = source.read_bytes()
    return BytesIO(source) if isinstance(source, bytes) else str(source)


def explain(error: Exception) -> str:
    """What LibRaw says, which may be bytes."""
    text = error.args[0] if error.args else error
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
