"""A ZIP archive as it is being sent: files are stored as they are, and none is held in memory."""

import io
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

CHUNK = 1 << 18


class Outlet(io.RawIOBase):
    """What zipfile writes, to be taken away; it cannot seek, so zipfile does not try."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.parts.append(bytes(data))  # type: ignore[call-overload]
        return len(self.parts[-1])

    def take(self) -> bytes:
        taken = b"".join(self.parts)
        self.parts.clear()
        return taken


def stream(
    files: Sequence[tuple[str, Path]], texts: Sequence[tuple[str, str]] = ()
) -> Iterator[bytes]:
    """The bytes of an archive with these (name, file) and (name, text) entries."""
    outlet = Outlet()
    now = time.localtime()[:6]
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            info = zipfile.ZipInfo(name, date_time=now)
            info.external_attr = 0o644 << 16
            with path.open("rb") as file, archive.open(info, "w", force_zip64=True) as entry:
                while chunk := file.read(CHUNK):
                    entry.write(chunk)
                    yield outlet.take()
        for name, text in texts:
            archive.writestr(zipfile.ZipInfo(name, date_time=now), text)
            yield outlet.take()
    yield outlet.take()
