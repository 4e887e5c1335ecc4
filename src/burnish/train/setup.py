"""From folders and a recipe to a `Trainer`: what `burnish train` and a bundle's runner share."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from burnish.data.pairs import PairFolder, PairSource, RetouchPairs, fixed_pairs
from burnish.data.photos import Pyramid, list_photos, load_pyramids
from burnish.data.shrunk_pairs import BicubicPairs, JointPairs, fixed_bicubic, fixed_joint
from burnish.errors import OptionError
from burnish.train.loop import RunOptions, Trainer, Validation
from burnish.train.recipe import Pairs, Recipe, Stage

VALIDATION_SIDE = 96
"""Side of the validation views in pixels: large enough to judge tone, small enough to be cheap."""


@dataclass(frozen=True)
class DataOptions:
    """Where a run's photos come from."""

    photos: tuple[Path, ...] = ()
    """Folders of finished photos, un-retouched anew for each step."""
    exclude: tuple[str, ...] = ()
    """File stems to leave out, such as those that are shown as examples."""
    pairs: tuple[Path, Path] | None = None
    """Two folders of real pairs instead (inputs, targets)."""
    validation: Path | None = None
    """Folder of finished photos, none of them in training."""


def use_threads(count: int) -> None:
    """Let torch use ``count`` CPU threads; 0 leaves the number to torch."""
    if count:
        torch.set_num_threads(count)


def trainer(
    recipe: Recipe, data: DataOptions, run: RunOptions, start: Path | None = None
) -> Trainer:
    """Read the training photos and set the run up, or pick it up where its folder stands."""
    source: PairSource
    if data.pairs:
        source = PairFolder(*data.pairs, seed=recipe.seed)
        names = [str(p.name) for p in data.pairs]
    elif data.photos:
        photos = load_pyramids(list_photos(data.photos, data.exclude), recipe.data_side)
        source = made_pairs(recipe, photos)
        names = [f.name for f in data.photos]
    else:
        raise OptionError(
            "Training needs photos: --data FOLDER (finished photos) or --pairs LOW HIGH."
        )
    return Trainer(recipe, source, run, names, start)


def made_pairs(recipe: Recipe, photos: list[Pyramid]) -> PairSource:
    """The source of what the recipe trains on, made of finished photos."""
    match recipe.pairs:
        case "retouch":
            return RetouchPairs(photos, recipe.seed)
        case "joint":
            return JointPairs(photos, recipe.seed)
        case "bicubic" | "bicubic-mild":
            return BicubicPairs(photos, recipe.seed, mild=recipe.pairs == "bicubic-mild")
    raise OptionError(f"There are no pairs '{recipe.pairs}'.")


def validation_views(folder: Path | None, pairs: Pairs = "retouch") -> Validation:
    """The fixed validation views of a folder of finished photos, of the kind that is trained on.

    Those of super-resolution are clean, whatever the training pairs went through.
    """
    if folder is None:
        return ()
    names = list_photos([folder])
    if pairs in ("bicubic", "bicubic-mild"):
        return fixed_bicubic(load_pyramids(names, short_side=2048), VALIDATION_SIDE)
    photos = load_pyramids(names, short_side=2 * VALIDATION_SIDE)
    return (fixed_joint if pairs == "joint" else fixed_pairs)(photos, VALIDATION_SIDE)


def smoke() -> dict[str, float]:
    """A whole small run on made photos, stopped and resumed once; returns its validation scores."""
    recipe = Recipe("smoke", "nrl-global", {"channels": 8, "widths": (4, 4, 4), "steps": 2})
    recipe = replace(recipe, steps=20, stages=(Stage(0.5, 32, 4), Stage(0.5, 48, 2)))
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(6, 3, 9, 13, generator=generator)
    made = torch.nn.functional.interpolate(noise, size=(96, 128), mode="bicubic").clamp(0, 1)
    photos = [Pyramid((m * 255).to(torch.uint8)) for m in made]
    validation = fixed_pairs(photos[4:], 48)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(Path(folder), time_limit=0.0, log_every=5)
        source = RetouchPairs(photos[:4], recipe.seed)
        Trainer(recipe, source, options).run()  # the time limit stops it after one step
        resumed = Trainer(recipe, source, replace(options, time_limit=None))
        resumed.run(validation)
        return resumed.validate(validation)
