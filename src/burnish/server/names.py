"""What a client calls a photo, made harmless: shown, used for downloads, never as a path."""

import re
import unicodedata
from pathlib import PurePosixPath

LONGEST = 200
"""Bytes of UTF-8: most file systems take 255, and a number or an extension may still be added."""
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Categories of Unicode that show nothing, or nothing good."""
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def harmless(name: str, default: str = "photo") -> str:
    """A file name that every system takes: no folders, no control characters, no leading dot."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c for c in name if unicodedata.category(c) not in HIDDEN)
    name = FORBIDDEN.sub("_", name).strip(". ")
    if DEVICES.match(name):
        name = f"_{name}"
    suffix = PurePosixPath(name).suffix[:12]
    stem = name.removesuffix(suffix)
    room = LONGEST - len(suffix.encode())
    return cut(stem, room).strip(". ") + suffix if stem else default + suffix


def shown(name: str, default: str) -> str:
    """A name that is only shown, in one line: "B/W, warm" may stay as it is."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    seen = "".join(c for c in name if unicodedata.category(c) not in HIDDEN)
    return cut(seen, LONGEST) or default


def cut(text: str, most: int) -> str:
    """The beginning of a text, in at most so many bytes of UTF-8."""
    return text.encode()[:most].decode(errors="ignore")


def with_suffix(name: str, suffix: str) -> str:
    """The name with another extension."""
    return PurePosixPath(name).stem + suffix


def distinct(names: list[str]) -> list[str]:
    """The same names, numbered where one occurs again: a.jpg, a (2).jpg (case does not tell)."""
    taken: set[str] = set()
    found = []
    for name in names:
        path, number, new = PurePosixPath(name), 1, name
        while new.casefold() in taken:
            number += 1
            new = f"{path.stem} ({number}){path.suffix}"
        taken.add(new.casefold())
        found.append(new)
    return found
