"""The other way to a look: the default network's own weights, trained further on the pairs.

Measured only (`burnish bench looks --finetune`): `burnish learn` fits a look in closed form.
"""

import contextlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.engine.models import DEFAULT, find
from burnish.errors import MissingExtraError, OptionError
from burnish.look.baselines import Method
from burnish.look.shots import Shot

try:
    import torch

    from burnish import checkpoint
    from burnish.data.pairs import HeldPairs
    from burnish.train.apply import method as network
    from burnish.train.loop import RunOptions, Trainer
    from burnish.train.recipe import Recipe, Stage
    from burnish.train.setup import pair_views
except ModuleNotFoundError as error:
    raise MissingExtraError("Fine-tuning the network on pairs", "train") from error


@dataclass(frozen=True)
class Tuning:
    """Which weights are trained further, and how fast."""

    only: tuple[str, ...]
    """Beginnings of their names; all if empty."""
    learning_rate: float


TUNINGS = {"map": Tuning(("map.",), 3e-3), "all": Tuning((), 1e-3)}
"""``map``: the adjusting map and its gate, tone and colour; nothing is sent back through G."""
STEPS, VALIDATE_EVERY = 300, 50
VIEW, BATCH = 32, 8
HELD_OUT, MOST = 5, 8
"""One shot in so many, but no more than that, says which step's weights are kept."""


def check(names: Sequence[str]) -> None:
    """Refuse a name that is not in the table."""
    for name in names:
        if name not in TUNINGS:
            known = ", ".join(TUNINGS)
            raise OptionError(f"There is no way '{name}' to fine-tune; choose {known}.")


def recipe(name: str, net: str, choices: dict[str, object], seed: int, steps: int) -> Recipe:
    """L1 on small views, the rate falling to nothing."""
    tuning = TUNINGS[name]
    return Recipe(
        name=f"finetune-{name}",
        net=net,
        choices=choices,
        steps=steps,
        stages=(Stage(1.0, VIEW, BATCH, only=tuning.only),),
        learning_rate=tuning.learning_rate,
        warmup=10,
        ema=0.97,
        seed=seed,
    )


def tuned(
    shots: Sequence[Shot],
    name: str,
    seed: int = 0,
    weights: Path | None = None,
    steps: int = STEPS,
) -> Method:
    """The shipped network (or that of ``weights``), trained further on shots.

    Every `VALIDATE_EVERY` steps it is scored on a fifth of the shots, at most `MOST`, which it is
    not trained on; the best is kept, which may be the network as it was.
    """
    start = weights or find(DEFAULT).folder / "weights.safetensors"
    _, card = checkpoint.load_weights(start)
    order = np.random.default_rng(seed).permutation(len(shots))
    pairs = [(s.before[s.box], s.after[s.box]) for s in (shots[i] for i in order)]
    held = min(max(1, len(pairs) // HELD_OUT), MOST)
    source = HeldPairs([(_bytes(a), _bytes(b)) for a, b in pairs[held:]], seed)
    validation = pair_views(pairs[:held])
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        options = RunOptions(
            Path(folder),
            validate_every=VALIDATE_EVERY,
            save_every=steps,
            log_every=VALIDATE_EVERY,
        )
        plan = recipe(name, card.net, card.hyperparameters, seed, steps)
        trainer = Trainer(plan, source, options, start=start)
        trainer.best = trainer.validate(validation)["all"]
        print(f"before any step: psnr_all {trainer.best:.5g}", flush=True)
        trainer.run(validation)
        best = Path(folder) / "best.safetensors"
        enhance = network(best if best.exists() else start)
    return lambda shot: enhance(shot.before)


def _bytes(picture: np.ndarray) -> torch.Tensor:
    """(H,W,3) float32 -> (3,H,W) uint8."""
    return torch.from_numpy(np.rint(picture.transpose(2, 0, 1) * 255).astype(np.uint8))
