"""IPTC-IIM: out of and into Photoshop's resource blocks; the rights alone if asked."""

from __future__ import annotations

import struct

PHOTOSHOP = b"Photoshop 3.0\0"
RESOURCE = 0x0404
RIGHTS = {(1, 90), (2, 0), (2, 80), (2, 85), (2, 110), (2, 116)}  # character set, version, by-line,
# its title, credit, copyright notice


def unwrap(blob: bytes | None) -> bytes | None:
    """The IIM stream out of an APP13 payload or a resource list; an IIM stream stays as it is."""
    if not blob:
        return None
    if blob[:1] == b"\x1c":
        return blob
    at = len(PHOTOSHOP) if blob.startswith(PHOTOSHOP) else 0
    while blob[at : at + 4] == b"8BIM" and at + 12 <= len(blob):
        (kind,) = struct.unpack_from(">H", blob, at + 4)
        name = blob[at + 6] + 1
        at += 6 + name + name % 2
        if at + 4 > len(blob):
            return None
        (size,) = struct.unpack_from(">I", blob, at)
        if kind == RESOURCE:
            return blob[at + 4 : at + 4 + size] or None
        at += 4 + size + size % 2
    return None


def resource(iim: bytes) -> bytes:
    """Photoshop's resource block with the stream in it."""
    head = b"8BIM" + struct.pack(">HHI", RESOURCE, 0, len(iim))
    return head + iim + b"\0" * (len(iim) % 2)


def only_copyright(iim: bytes) -> bytes | None:
    """The stream with by-line, credit and copyright alone; None where there are none."""
    kept, rights, at = b"", False, 0
    while at + 5 <= len(iim) and iim[at] == 0x1C:
        record, dataset, size = struct.unpack_from(">BBH", iim, at + 1)
        end = at + 5 + size
        if size & 0x8000 or end > len(iim):
            break
        if (record, dataset) in RIGHTS:
            kept += iim[at:end]
            rights |= record == 2 and dataset != 0
        at = end
    return kept if rights else None
