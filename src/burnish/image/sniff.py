"""Which format a file has, by its content; the name only decides between kinds of raw."""

from __future__ import annotations

from pathlib import PurePath

RAW_NAMES = (
    "3fr arw cr2 cr3 crw dcr dng erf iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2"
)
RAW_NAMES += " srf srw x3f"
RAW_SUFFIXES = frozenset(f".{name}" for name in RAW_NAMES.split(" "))
FORMAT_SUFFIXES = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "avif": (".avif",),
    "heic": (".heic", ".heif", ".hif"),
    "raw": tuple(sorted(RAW_SUFFIXES)),
}
SUFFIXES = {suffix: name for name, suffixes in FORMAT_SUFFIXES.items() for suffix in suffixes}
FOREIGN_NAMES = "bmp exr gif hdr ico j2k jp2 jpx jxl pbm pdf pgm pnm ppm psb psd svg tga"
FOREIGN_SUFFIXES = frozenset(f".{name}" for name in FOREIGN_NAMES.split(" "))
"""Of pictures that burnish neither reads nor writes."""
TITLES = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "tiff": "TIFF",
    "avif": "AVIF",
    "heic": "HEIC",
    "raw": "camera raw",
}

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx"}
RAW_MAGIC = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
FOREIGN = {  # what people hand in by mistake, so that the refusal can name it
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop document",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"PK\3\4": "a ZIP archive",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML document",
    b"\x1aE\xdf\xa3": "a video",
    b"v/1\1": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance HDR picture",
}


def is_photo_name(path: PurePath | str) -> bool:
    """Whether a file of this name is taken for a photo when a folder is searched."""
    name = PurePath(path).name
    return PurePath(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def sniff(head: bytes, name: str) -> str | None:
    """The format of a file that begins with `head` (64 bytes do), or None."""
    suffix = PurePath(name).suffix.lower()
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return iso_brand(head)
    if head.startswith(RAW_MAGIC) or head[6:14] == b"HEAPCCDR":
        return "raw"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        # Most raw files are TIFF files outside; only their names tell them from others.
        return "raw" if suffix in RAW_SUFFIXES or head[8:10] == b"CR" else "tiff"
    return None


def iso_brand(head: bytes) -> str | None:
    """The format that the brands of an ISO media file stand for."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "avif"
    if brands & {b"crx "}:
        return "raw"
    return "heic" if brands & HEIC_BRANDS else None


def foreign(head: bytes) -> str:
    """What a file that is no photo seems to be."""
    if head[:2] == b"BM" and head[6:10] == bytes(4) and head[15:18] == bytes(3):
        return "a BMP picture"  # with nothing in its reserved bytes, and a short header
    for magic, what in FOREIGN.items():
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(magic):
            return what
    return "a video" if head[4:8] == b"ftyp" else "not a picture"
