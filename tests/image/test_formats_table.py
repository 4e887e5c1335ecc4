"""docs/formats.md: what survives, found by really writing and reading files.

The test fails when the checked-in tables differ from what is found. `python
tests/image/test_formats_table.py` writes them anew.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # as a script: the checkout's own package and helpers
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from PIL import Image

from burnish.image import Photo, encode, losses, read
from burnish.image import exif as exif_module
from burnish.image import iptc as iptc_module
from burnish.image import xmp as xmp_module
from burnish.image.change import Change
from burnish.image.containers import heif, jpeg, png, tiff, webp
from burnish.image.metadata import Metadata
from image.photo_files import GAMMA_22, IPTC, XMP, exif, icc, picture, vips_image

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
BEGIN, END = "<!-- tables: made by a test -->", "<!-- end of tables -->"
TITLES = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP", "tiff": "TIFF", "avif": "AVIF"}
MODES = {
    "jpeg": ("rgb", "grey", "cmyk"),
    "png": ("rgb", "rgb + alpha", "grey", "grey + alpha", "palette", "palette + alpha", "1-bit"),
    "webp": ("rgb", "rgb + alpha"),
    "tiff": ("rgb", "rgb + alpha", "grey", "grey + alpha", "palette", "cmyk", "1-bit"),
    "avif": ("rgb", "rgb + alpha"),
}
DEEP = {"png": 16, "tiff": 16, "avif": 12}
WIDE, GREY_PROFILE = icc("p3"), icc(curve=GAMMA_22, grey=True)


def pixels(format: str, mode: str, depth: int) -> bytes:
    """An encoded picture without metadata, made by libvips or Pillow."""
    channels = {"rgb": 3, "rgb + alpha": 4, "grey": 1, "grey + alpha": 2}.get(mode)
    if channels is None:
        return by_pillow(format, mode)
    array = picture(channels=4, depth=depth)
    array = array[..., [0, 3]] if channels == 2 else array[..., :channels]
    image = vips_image(array)
    options: dict[str, object] = {"Q": 92} if format in ("jpeg", "webp") else {}
    if format == "jpeg":
        options["subsample_mode"] = "off"
    return getattr(image, f"{format}save_buffer")(keep="none", **options)


def by_pillow(format: str, mode: str) -> bytes:
    image = Image.fromarray(picture())
    out = BytesIO()
    options: dict[str, object] = {}
    if mode.startswith("palette"):
        image = image.quantize(16)
        if "alpha" in mode:
            options["transparency"] = 0
    else:
        image = image.convert({"cmyk": "CMYK", "1-bit": "1"}[mode])
    image.save(out, format.upper(), **options)
    return out.getvalue()


def with_metadata(format: str, data: bytes, profile: bytes | None) -> bytes:
    if format == "jpeg":
        parts = jpeg.wrap(data, Metadata(exif(), XMP, None, IPTC, profile), (300, 300))
    elif format == "avif":
        parts = heif.wrap(data, Metadata(exif(), XMP))  # the encoder put the profile in
    elif format == "webp":
        parts = webp.wrap(data, Metadata(exif(), XMP, None, None, profile), 56, 40)
    else:
        parts = {"png": png, "tiff": tiff}[format].wrap(
            data, Metadata(exif(), XMP, None, IPTC, profile)
        )
    return b"".join(parts)


def source_photo(format: str, mode: str, depth: int) -> Photo:
    """Read from a real file that has everything its format can have."""
    grey = mode.startswith(("grey", "1-bit"))
    profile = None if mode == "cmyk" else GREY_PROFILE if grey else WIDE
    if format == "avif":
        array = picture(channels=4 if "alpha" in mode else 3, depth=depth)
        bits = 8 if depth == 8 else 12
        data = vips_image(array, profile).heifsave_buffer(
            compression="av1", Q=90, effort=1, bitdepth=bits, keep="icc"
        )
    else:
        data = pixels(format, mode, depth)
    return read(with_metadata(format, data, profile))


def survival(format: str, mode: str, depth: int) -> tuple[str, ...]:
    photo = source_photo(format, mode, depth)
    result = read(encode(photo))
    found, before = result.source, photo.source
    size = (photo.width, photo.height)
    unit = 255 if before.depth == 8 else 65535
    difference = float(np.abs(full(result) - full(photo)).max()) * unit
    exact = "exact" if difference < 0.5 else "±1" if difference < 1.5 else "changed"
    if format in ("jpeg", "webp", "avif"):
        exact = "lossy" if difference < 0.2 * unit else "changed"
    alpha = "-"
    if photo.alpha is not None and result.alpha is not None:
        alpha_difference = float(np.abs(result.alpha - photo.alpha).max()) * unit
        alpha = "exact" if alpha_difference < 0.5 else "changed"
        if format == "avif" and alpha_difference < 0.02 * unit:
            alpha = "lossy"
    profile = "as sRGB" if found.icc is None else "exact" if found.icc == before.icc else "changed"
    assert before.exif and before.xmp
    kept = exif_module.refreshed(before.exif, Change(size))
    return (
        TITLES[format],
        f"{before.bits} bit",
        mode,
        f"{found.mode}, {found.bits} bit",
        exact,
        alpha,
        "-" if photo.residual is None else "kept" if result.residual is not None else "lost",
        profile,
        "bytes" if found.exif == kept else "values" if found.exif else "lost",
        "bytes" if found.xmp == xmp_module.refreshed(before.xmp, Change(size)) else "lost",
        "-" if before.iptc is None else "bytes" if found.iptc == before.iptc else "lost",
    )


def full(photo: Photo) -> np.ndarray:
    return photo.pixels if photo.residual is None else photo.pixels + photo.residual


def policies(format: str, policy: str) -> tuple[str, ...]:
    """From a TIFF with everything in it to each format."""
    photo = source_photo("tiff", "rgb", 8)
    found = read(encode(photo, format, metadata=policy)).source
    before = photo.source
    assert before.exif and before.xmp and before.iptc
    rights = (
        exif_module.only_copyright(before.exif),
        xmp_module.only_copyright(before.xmp),
        iptc_module.only_copyright(before.iptc),
    )
    blobs = (found.exif, found.xmp, found.iptc)
    said = losses(photo, format, policy)
    cells = []
    for blob, right in zip(blobs, rights, strict=True):
        cells.append("-" if blob is None else "rights" if blob == right else "all")
    icc_cell = "exact" if found.icc == before.icc else "lost"
    return (TITLES[format], policy, *cells, icc_cell, " ".join(said) or "-")


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tables() -> str:
    cases = [
        (format, mode, depth)
        for format, modes in MODES.items()
        for depth in (8, 16)
        for mode in modes
        if depth == 8 or (format in DEEP and mode.startswith(("rgb", "grey")))
    ]
    heads = ("file", "depth", "mode", "written as", "pixels", "alpha", "beyond sRGB")
    heads += ("ICC", "EXIF", "XMP", "IPTC")
    first = table(heads, [survival(*case) for case in cases])
    second = table(
        ("written as", "--metadata", "EXIF", "XMP", "IPTC", "ICC", "said to the user"),
        [policies(f, policy) for f in TITLES for policy in ("keep", "copyright", "strip")],
    )
    return (
        f"{BEGIN}\n\n## Read and written again in the same format\n\n{first}\n\n"
        f"## What is written of a file that has everything\n\n{second}\n\n{END}"
    )


def test_the_document_says_what_is_found():
    text = DOCUMENT.read_text(encoding="utf-8")
    checked_in = text[text.index(BEGIN) : text.index(END) + len(END)]
    assert checked_in == tables(), "run: python tests/image/test_formats_table.py"


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
    DOCUMENT.write_text(before + tables() + after, encoding="utf-8")
