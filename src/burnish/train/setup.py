"""From folders and a recipe to a `Trainer`: what `burnish train` and a bundle's runner share."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from burnish.cache import cache_folder
from burnish.data.dped import EpochPairs, PatchPair, pair_folders, pairs_of, steps_per_epoch
from burnish.data.lam import Lambda, lambda_of, lambda_of_files
from burnish.data.larger_pairs import LargerPairs
from burnish.data.pairs import PairFolder, PairSource, RetouchPairs, fixed_pairs
from burnish.data.phones import Phone
from burnish.data.photos import Pyramid, list_photos, load_pyramids
from burnish.data.shrunk_pairs import BicubicPairs, JointPairs, fixed_bicubic, fixed_joint
from burnish.errors import OptionError
from burnish.files import make_folder
from burnish.nets.zoo import build
from burnish.train.loop import RunOptions, Trainer
from burnish.train.recipe import Pairs, Recipe, Stage
from burnish.train.validation import Validation

VALIDATION_SIDE = 96
"""Side of the validation views in pixels: large enough to judge tone, small enough to be cheap."""


@dataclass(frozen=True)
class DataOptions:
    """Where a run's photos come from."""

    photos: tuple[Path, ...] = ()
    """Folders of finished photos, un-retouched anew for each step."""
    exclude: tuple[str, ...] = ()
    """Names to leave out, with their endings or not, such as those that are shown as examples."""
    pairs: tuple[Path, Path] | None = None
    """Two folders of real pairs instead (inputs, targets)."""
    dped: tuple[Path, Phone] | None = None
    """A folder in DPED's layout and one of its phones instead."""
    validation: Path | None = None
    """Folder of finished photos, none of them in training."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.photos, self.pairs, self.dped))) != 1:
            raise OptionError(
                "Training takes photos from one of --data FOLDER (finished), --pairs LOW HIGH and "
                "--dped ROOT PHONE."
            )

    def files(self) -> list[PatchPair]:
        """Files of the real pairs; empty for finished photos."""
        if self.photos:
            return []
        low, high = self.folders()
        return pairs_of(low, high, self.exclude)

    def folders(self) -> tuple[Path, ...]:
        """All folders that photos to train on are read from."""
        if self.dped:
            return pair_folders(*self.dped, part="train")
        return self.pairs or self.photos

    def names(self) -> list[str]:
        """What a model card calls this data."""
        if self.dped:
            return [f"DPED {self.dped[1]}"]
        return [f.name for f in self.pairs or self.photos]


def use_threads(count: int) -> None:
    """Let torch use ``count`` CPU threads; 0 leaves the number to torch."""
    if count:
        torch.set_num_threads(count)


def measured_lambda(data: DataOptions) -> Lambda:
    """Lambda over the training data: all pairs, or 512 made ones."""
    if files := data.files():
        return lambda_of_files([(p.low, p.high) for p in files], cache_folder("lambda"))
    photos = load_pyramids(list_photos(data.photos, data.exclude), 96)
    source = RetouchPairs(photos, seed=0, samples=False)
    made = (source.batch(step, range(32), 48) for step in range(16))
    return lambda_of(
        (low.numpy(), high.numpy()) for batch in made for low, high in zip(*batch[:2], strict=True)
    )


def resolve(recipe: Recipe, data: DataOptions) -> Recipe:
    """Fill in what a recipe takes from its data: lambda, and the steps that its epochs make."""
    if recipe.measure_lambda:
        lam = round(getattr(measured_lambda(data), recipe.measure_lambda), 6)
        recipe = replace(recipe, choices=recipe.choices | {"lam": lam})
    if recipe.epochs and (files := data.files()):
        steps = recipe.epochs * steps_per_epoch(len(files), recipe.stages[0].batch)
        recipe = replace(recipe, steps=steps)
    return recipe


def wants_samples(recipe: Recipe) -> bool:
    """Whether the recipe's network is told of the tones of the whole picture."""
    return bool(build(recipe.net, **recipe.choices).tones)


def scale_of(recipe: Recipe) -> int:
    """How many times as large as its input the network's output is."""
    return build(recipe.net, **recipe.choices).scale


def source_of(recipe: Recipe, data: DataOptions) -> PairSource:
    """Training pairs of a recipe: paper A's epochs where it counts them, else random views."""
    if data.dped and recipe.pairs != "retouch":
        raise OptionError(
            f"{recipe.name} enlarges, and DPED's pairs are of one size: give --data or --pairs."
        )
    if data.pairs and recipe.pairs != "retouch":
        return LargerPairs(*data.pairs, recipe.seed, scale_of(recipe), data.exclude)
    if data.dped or (data.pairs and recipe.epochs):
        return EpochPairs(data.files(), recipe.seed, recipe.stages[0].batch)
    if data.pairs:
        return PairFolder(*data.pairs, seed=recipe.seed, exclude=data.exclude)
    photos = load_pyramids(list_photos(data.photos, data.exclude), recipe.data_side)
    varied: dict[str, Any] = {
        "own_scale": recipe.own_scale,
        "vary_finish": recipe.vary_finish,
        "samples": wants_samples(recipe),
    }
    match recipe.pairs:
        case "retouch":
            return RetouchPairs(photos, recipe.seed, **varied)
        case "joint":
            return JointPairs(photos, recipe.seed, scale_of(recipe), **varied)
        case "bicubic" | "bicubic-mild":
            mild = recipe.pairs == "bicubic-mild"
            return BicubicPairs(photos, recipe.seed, scale_of(recipe), mild)


def trainer(
    recipe: Recipe,
    data: DataOptions,
    run: RunOptions,
    start: Sequence[Path] = (),
    source: PairSource | None = None,
) -> Trainer:
    """Read the training photos and set the run up, or pick it up where its folder stands.

    ``recipe`` is what `resolve` made of it; ``source`` spares several runs to read the photos anew.
    """
    make_folder(run.folder)  # photos take long to read
    if data.validation:
        run = replace(run, validation=data.validation.name)
    return Trainer(recipe, source or source_of(recipe, data), run, data.names(), start)


def pair_views(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Validation:
    """Whole real pairs, (H,W,3) in [0,1], to be scored during a run."""
    views = []
    for pair in pairs:
        low, high = (
            torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None] for x in pair
        )
        views.append(("pair", low, high))
    return views


def validation_side(pairs: Pairs) -> int:
    """Short side in pixels to which validation photos are shrunk before they are used."""
    return {"retouch": 512, "joint": 4 * VALIDATION_SIDE}.get(pairs, 2048)


def validation_views(folder: Path | None, pairs: Pairs = "retouch", scale: int = 2) -> Validation:
    """The fixed validation views of a folder of finished photos, of the kind that is trained on.

    Those of super-resolution are clean, whatever the training pairs went through; ``scale`` is for
    pairs whose target is larger.
    """
    if folder is None:
        return ()
    photos = load_pyramids(list_photos([folder]), validation_side(pairs))
    if pairs in ("bicubic", "bicubic-mild"):
        return fixed_bicubic(photos, VALIDATION_SIDE, scale)
    if pairs == "joint":
        return fixed_joint(photos, VALIDATION_SIDE, scale)
    return fixed_pairs(photos, VALIDATION_SIDE)


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
