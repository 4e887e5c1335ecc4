"""What ``train.py`` in a bundle runs: training from the photos and the recipe beside it."""

import argparse
import json
from pathlib import Path

from burnish.train.loop import RunOptions
from burnish.train.recipe import Recipe
from burnish.train.setup import DataOptions, scale_of, trainer, validation_views


def main(bundle: Path) -> None:
    """Train, or go on, as the command line says; ``bundle`` is the folder that was packed."""
    parser = argparse.ArgumentParser(description="Train from this bundle, or go on.")
    parser.add_argument("run", type=Path, help="Run folder: state, weights, logs.")
    parser.add_argument("--time-limit", type=float)
    parser.add_argument("--precision", default="no")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--compile", action="store_true")
    given = parser.parse_args()
    recipe = Recipe.of(json.loads((bundle / "recipe.json").read_text()))
    vgg = bundle / "vgg.safetensors"
    options = RunOptions(
        given.run,
        given.time_limit,
        given.precision,
        given.compile,
        save_every=1000,
        log_every=200,
        workers=given.workers,
        vgg=vgg if vgg.is_file() else None,
    )
    held_out = next(bundle.glob("validation/*"), None)
    data = DataOptions(tuple(sorted(bundle.glob("photos/*"))), validation=held_out)
    start = sorted(bundle.glob("start-*.safetensors"))
    views = validation_views(held_out, recipe.pairs, scale_of(recipe))
    done = trainer(recipe, data, options, start).run(views)
    print("finished" if done else "stopped; run the same command again to go on")
