"""Pack code and photos into one folder that trains wherever torch, accelerate and Pillow are.

``python FOLDER/train.py RUN --time-limit 500`` trains or goes on; the run folder it leaves (a few
MB) is a run folder like any other: copy it back, and `burnish train` or `burnish export` take it
from there.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from burnish.data.photos import list_photos, load_rgb
from burnish.errors import OptionError, OutputError
from burnish.files import make_folder
from burnish.nets.vgg_cache import pack_vgg
from burnish.train.objective import extractor_of
from burnish.train.recipe import Recipe
from burnish.train.setup import DataOptions, validation_side

LIMIT = 60 * 2**20
ROOMS = ("nets", "data", "losses", "train")
FILES = ("__init__.py", "errors.py", "files.py", "cache.py", "card.py", "checkpoint.py", "py.typed")

RUNNER = '''"""Train from this bundle: python train.py RUN [--time-limit S] [--workers N] ..."""
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here / "src"))
from burnish.train.bundled import main

main(here)
'''


def _told_apart(names: Iterable[str]) -> list[str]:
    """The names, numbered where two are alike, as some file systems see them."""
    found: list[str] = []
    seen: set[str] = set()
    for own in names:
        name, number = own, 2
        while name.lower() in seen:
            name, number = f"{own}-{number}", number + 1
        found.append(name)
        seen.add(name.lower())
    return found


def _copy_photos(paths: list[Path], target: Path, short_side: int) -> None:
    """Files as they are, whose every pixel counts for enlarging; larger photos shrunk, as JPEG."""
    target.mkdir(parents=True)
    for path, name in zip(paths, _told_apart(path.stem for path in paths), strict=True):
        photo = load_rgb(path, short_side)
        with Image.open(path) as stored:
            fits = min(stored.size) <= short_side
        if fits:
            shutil.copy(path, target / f"{name}{path.suffix}")
        else:
            small = Image.fromarray(photo.permute(1, 2, 0).numpy())
            small.save(target / f"{name}.jpg", quality=93, subsampling=0)


def bundle(
    recipe: Recipe,
    data: DataOptions,
    folder: Path,
    start: Sequence[Path] = (),
    vgg: Path | None = None,
) -> int:
    """Write the bundle to ``folder``, whole or not at all, and return its size in bytes.

    ``vgg`` is packed for a loss that compares features; without it that of the user's cache.
    """
    if data.pairs or data.dped:
        raise OptionError("A bundle holds finished photos (--data), no pairs.")
    if folder.exists():
        raise OutputError(f"{folder} exists already; a bundle wants a new folder.")
    try:
        make_folder(folder)
        _fill(folder, recipe, data, start, vgg)
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        if size > LIMIT:
            raise OutputError(
                f"The bundle would take {size / 2**20:.0f} MiB, more than {LIMIT / 2**20:.0f}; "
                "give fewer folders."
            )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return size


def _fill(
    folder: Path, recipe: Recipe, data: DataOptions, start: Sequence[Path], vgg: Path | None
) -> None:
    """All that is in a bundle."""
    if extractor := extractor_of(recipe):  # first, as it may not be there
        pack_vgg(extractor, vgg, folder / "vgg.safetensors")
    code = folder / "src" / "burnish"
    package = Path(__file__).resolve().parents[1]
    code.mkdir(parents=True)
    for name in FILES:
        shutil.copy(package / name, code / name)
    for room in ROOMS:
        if (package / room).is_dir():
            shutil.copytree(
                package / room, code / room, ignore=shutil.ignore_patterns("__pycache__")
            )
    names = _told_apart(f.resolve().name for f in data.photos)
    for source, name in zip(data.photos, names, strict=True):
        _copy_photos(
            list_photos([source], data.exclude), folder / "photos" / name, recipe.data_side
        )
    if data.validation:
        where = folder / "validation" / data.validation.resolve().name  # the card tells the name
        _copy_photos(list_photos([data.validation]), where, validation_side(recipe.pairs))
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n")
    for number, weights in enumerate(start):
        shutil.copy(weights, folder / f"start-{number}.safetensors")
    (folder / "train.py").write_text(RUNNER)
