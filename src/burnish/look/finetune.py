"""The other way to a look: the default network's own weights, trained further on the pairs.

Measured only (`burnish bench looks --finetune`): `burnish learn` fits a look in closed form.
"""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from burnish.engine.models import find
from burnish.errors import MissingExtraError, OptionError
from burnish.look.baselines import Method
from burnish.look.shots import Shot

try:
    import torch

    from burnish import checkpoint
    from burnish.data.pairs import HeldPairs
    from burnish.look.adapters import ColourFirst, LowRank
    from burnish.nets.net import Net
    from burnish.train.apply import method_of
    from burnish.train.loop import RunOptions, Trainer
    from burnish.train.recipe import Recipe, Stage
    from burnish.train.setup import pair_views
except ModuleNotFoundError as error:
    raise MissingExtraError("Fine-tuning the network on pairs", "train") from error


@dataclass(frozen=True)
class Way:
    """What of a network is trained further, and how fast."""

    only: tuple[str, ...] = ()
    """Beginnings of the names of the weights that are trained; all if empty."""
    around: Callable[[Net], Net] | None = None
    """Makes the network that is trained from the one that is there, whose weights then stay."""
    rate: float = 3e-3


WAYS = {
    # Tone and colour alone: NRL's adjusting map or PENet, with the gate.
    "map": Way(("map.", "penet.", "gate.")),
    "all": Way(),
    "attention": Way(("recursive.attention.",)),
    "low-rank": Way(("a.", "b."), LowRank, rate=1e-2),
    "colour": Way(("colour",), ColourFirst, rate=1e-1),
}
STEPS, VALIDATE_EVERY = 100, 25
VIEW, BATCH = 32, 8
HELD_OUT, MOST = 5, 8
"""One shot in so many, but no more than that, says which step's weights are kept."""


def methods(
    ways: Sequence[str], model: str, seed: int, budget: float
) -> dict[str, Callable[[Sequence[Shot]], Method]]:
    """Names of columns, and what makes their methods from pairs.

    A way that is unknown, or that the model has nothing for, is refused.
    """
    if unknown := [way for way in ways if way not in WAYS]:
        known = ", ".join(WAYS)
        raise OptionError(f"There is no way '{unknown[0]}' to fine-tune; choose {known}.")
    start = find(model).weights
    names = tuple(checkpoint.load_weights(start)[0])
    for way in ways:
        only = WAYS[way].only
        if only and not WAYS[way].around and not any(name.startswith(only) for name in names):
            raise OptionError(f"The model '{model}' has no {way} to train further.")
    return {
        f"{w} tuned": partial(tuned, way=w, start=start, seed=seed, budget=budget) for w in ways
    }


def recipe(way: str, net: str, choices: dict[str, Any], seed: int) -> Recipe:
    """L1 on small views, the rate falling to nothing."""
    return Recipe(
        name=f"finetune-{way}",
        net=net,
        choices=choices,
        steps=STEPS,
        stages=(Stage(1.0, VIEW, BATCH, only=WAYS[way].only),),
        learning_rate=WAYS[way].rate,
        warmup=10,
        ema=0.97,
        seed=seed,
    )


def train(
    shots: Sequence[Shot], way: str, folder: Path, start: Path, seed: int = 0, budget: float = 1.0
) -> Net:
    """Train the network of ``start`` further on shots in a new run folder; the best of it.

    Every `VALIDATE_EVERY` steps it is scored on a fifth of the shots, at most `MOST`, which it
    is not trained on; the best is kept, which may be the network as it was.
    """
    net, card = checkpoint.load(start)
    order = np.random.default_rng(seed).permutation(len(shots))
    pairs = [(s.before[s.box], s.after[s.box]) for s in (shots[i] for i in order)]
    held = min(max(1, len(pairs) // HELD_OUT), MOST)
    source = HeldPairs([(_bytes(a), _bytes(b)) for a, b in pairs[held:]], seed)
    validation = pair_views(pairs[:held])
    plan = recipe(way, card.net, card.hyperparameters, seed).scaled(budget)
    options = RunOptions(
        folder, validate_every=VALIDATE_EVERY, save_every=plan.steps, log_every=VALIDATE_EVERY
    )
    with contextlib.redirect_stdout(sys.stderr):
        trainer = Trainer(plan, source, options, start=[start], around=WAYS[way].around)
        trainer.best = trainer.validate(validation)["all"]
        print(f"before any step: psnr_all {trainer.best:.5g}", flush=True)
        if not trainer.run(validation):
            raise KeyboardInterrupt  # nothing else stops it
    best = folder / "best.safetensors"
    if not best.exists():
        return net
    trainer.ema.load_state_dict(checkpoint.load_weights(best)[0])
    return trainer.ema


def tuned(shots: Sequence[Shot], way: str, start: Path, seed: int, budget: float) -> Method:
    """The network of a weight file, trained further on shots."""
    with tempfile.TemporaryDirectory() as folder:
        enhance = method_of(train(shots, way, Path(folder), start, seed, budget))
    return lambda shot: enhance(shot.before)


def _bytes(picture: np.ndarray) -> torch.Tensor:
    """(H,W,3) float32 -> (3,H,W) uint8."""
    return torch.from_numpy(np.rint(picture.transpose(2, 0, 1) * 255).astype(np.uint8))
