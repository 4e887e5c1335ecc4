"""A new study from folders of outputs: pictures under names that say nothing, and the store."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from burnish.errors import InputError, OptionError, OutputError
from burnish.image.folder import by_stem
from burnish.image.quantise import rounded
from burnish.image.read import read
from burnish.study.store import Store

PICTURES = "pictures"


def common(methods: Mapping[str, Path], names: Sequence[str] | None) -> list[str]:
    """The pictures that are shown: all of the first method's, or those named; all have them."""
    folders = {method: by_stem(folder) for method, folder in methods.items()}
    first = next(iter(folders.values()))
    wanted = list(dict.fromkeys(Path(n).stem for n in names)) if names is not None else list(first)
    for method, files in folders.items():
        if missing := [name for name in wanted if name not in files]:
            raise InputError(
                f"{methods[method]} lacks {len(missing)} of the {len(wanted)} pictures, "
                f"the first is {missing[0]}: every method must have every picture."
            )
    if not wanted:
        raise InputError(f"{next(iter(methods.values()))} holds no photos.")
    return wanted


def create(
    folder: Path,
    methods: Mapping[str, Path],
    title: str = "Picture quality",
    names: Sequence[str] | None = None,
    count: int | None = None,
    seed: int = 0,
) -> int:
    """Make the study in ``folder``, which must not exist; returns the number of pictures shown.

    Every output is written anew as a lossless 8-bit sRGB PNG under a random name: neither name, nor
    format, nor metadata tell its method. ``count`` draws so many of the pictures by ``seed``.
    """
    if folder.exists():
        raise OutputError(f"{folder} exists already; a study wants a new folder.")
    if len(methods) < 1:
        raise OptionError("A study needs methods: NAME=FOLDER.")
    wanted = common(methods, names)
    if count is not None and count < len(wanted):
        if count < 1:
            raise OptionError("A study shows at least one picture.")
        chosen = np.random.default_rng(seed).choice(len(wanted), count, replace=False)
        wanted = [wanted[i] for i in np.sort(chosen)]
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / PICTURES).mkdir(parents=True)
    try:
        rows = []
        for method, source in methods.items():
            files = by_stem(source)
            for name in wanted:
                file = f"{secrets.token_hex(12)}.png"
                eight = rounded(read(files[name]).pixels, 256).astype(np.uint8)
                Image.fromarray(eight).save(partial / PICTURES / file, compress_level=1)
                rows.append((name, method, file))
        Store.create(partial, title, seed, rows)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return len(rows)
