"""A photo file enhanced into another: what the worker threads do."""

from dataclasses import dataclass
from pathlib import Path

from burnish.engine.options import EnhanceOptions
from burnish.image.encode import check_sides, encode_parts
from burnish.image.formats import losses, natural_format, suffix_for
from burnish.image.photo import Source
from burnish.image.read import read
from burnish.server.store import Store
from burnish.server.worker import Enhancers, Task

WRITING = 0.1
"""Share of the time that goes into writing, for the progress."""


@dataclass(frozen=True)
class Output:
    """How a result is written."""

    format: str | None = None
    quality: int | None = None
    metadata: str = "keep"


@dataclass(frozen=True)
class Result:
    """An enhanced photo on disk."""

    path: Path
    format: str
    width: int
    height: int
    bytes: int
    notes: tuple[str, ...]


def output_suffix(source_format: str, output: Output) -> str:
    """Extension of the result, known before it is made."""
    return suffix_for(output.format or natural_format(Source(format=source_format)))


def enhance_file(
    source: Path,
    target: Path,
    options: EnhanceOptions,
    output: Output,
    store: Store,
    enhancers: Enhancers,
    task: Task,
) -> Result:
    """Read, enhance, write; ``target`` has the extension that `output_suffix` says."""
    store.make_room(1)  # better to know before the work
    photo = read(source, max_pixels=store.limits.max_pixels)
    task.check()
    format = output.format or natural_format(photo.source)
    enhancer = enhancers.get(options)
    check_sides(format, photo.width, photo.height, enhancer.scale)
    better = enhancer(photo, lambda share: task.progress((1 - WRITING) * share))
    del photo  # its pixels take as much memory as the encoder needs
    task.check()
    parts = encode_parts(better, format, metadata=output.metadata, quality=output.quality)
    size = store.keep(parts, target)
    told = losses(better, format, output.metadata)
    notes = tuple(dict.fromkeys((*better.source.notes, *told)))
    return Result(target, format, better.width, better.height, size, notes)
