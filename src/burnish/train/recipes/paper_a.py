"""Paper A's runs: its own schedule, and every row of Tables 1 to 4 as a difference from it.

Not in the paper, here as in all recipes: gradients are clipped and a moving average of the weights
is what gets scored. The adversarial rows' weights are ours (see `losses.nrl_dpl.Weights`).
"""

from dataclasses import replace
from typing import Any, get_args

from burnish.nets.feature_blocks import Features
from burnish.train.recipe import Recipe, Stage

STEPS_OF_TABLE_2 = (1, 3, 6, 12, 24)


def nrl_paper() -> Recipe:
    """Paper A's own schedule: MSE, Adam 5e-4, x0.95 per 5 of 100 epochs, batch 32, 100x100 patches.

    An epoch is a sixth of the pairs; of DPED's iPhone patches 160,471 / 6 / 32 = 836 steps.
    `burnish train nrl-paper --dped ROOT iphone --run FOLDER`
    """
    return Recipe(
        name="nrl-paper",
        net="nrl",
        steps=83_600,
        epochs=100,
        measure_lambda="mean_difference",
        stages=(Stage(1.0, 100, 32),),
        loss="mse",
        learning_rate=5e-4,
        betas=(0.9, 0.999),
        schedule="staircase",
        warmup=0,
        description="NRL with the schedule that paper A gives.",
    )


def nrl_dpl() -> Recipe:
    """The same with MSE, dynamic perceptual and adversarial loss (3.4, last column of Table 4).

    `burnish train nrl-dpl --dped ROOT iphone --run FOLDER`; it wants `burnish weights add vgg16`.
    """
    return replace(
        nrl_paper(),
        name="nrl-dpl",
        loss="nrl-dpl",
        description="NRL with the dynamic perceptual and the adversarial loss of paper A.",
    )


def _row(key: str, base: Recipe, net: str = "nrl", **choices: Any) -> Recipe:
    return replace(base, name=key, net=net, choices=choices, description=f"Paper A, row {key}.")


def table_1() -> dict[str, Recipe]:
    """Feature blocks with DPED's ResNet as the backbone, MSE only; no residual."""
    base = replace(nrl_paper(), measure_lambda=None)
    return {
        str(kind): _row(str(kind), base, "dped-resnet", features=kind)
        for kind in get_args(Features)
    }


def table_2() -> dict[str, Recipe]:
    """Recursive units at N = 1 to 24 without residual learning, and Fig. 5's ResNet (`resnet`).

    Ours: ``-gain64``, with attention times its 64 channels, so that its mean is 1 and not 1/64.
    """
    base = replace(nrl_paper(), measure_lambda=None)
    rows = {
        f"{unit}-{n}": _row(f"{unit}-{n}", base, residual="none", unit=unit, steps=n)
        for n in STEPS_OF_TABLE_2
        for unit in ("rru", "rrau", "arru", "rru+a", "raru")
        if (unit, n) != ("rru+a", 1)  # one step is the last step: that is raru
    }
    for unit in ("rrau", "arru", "raru"):
        key = f"{unit}-6-gain64"
        rows[key] = _row(key, base, residual="none", unit=unit, steps=6, attention_gain=64.0)
    return rows | {"resnet": _row("resnet", base, "dped-resnet")}


def table_3() -> dict[str, Recipe]:
    """Residual modes at N = 6."""
    names = {"no-RL": "none", "RL": "identity", "NRL-": "scalar", "NRL": "map"}
    measured = nrl_paper()
    plain = replace(measured, measure_lambda=None)
    return {
        key: _row(key, measured if mode in ("scalar", "map") else plain, residual=mode)
        for key, mode in names.items()
    }


# DPED's published code: 10 content + 0.5 colour + 1 texture + 2000 tv, where colour is half the sum
# over a 100x100 picture (0.25 * 30,000 for the mean) and texture a sum over the batch, in the form
# log(1 - D). Content there is a mean square of relu5_4: the 100 is ours, for features of unit RMS.
# The 32 stands for the sum over paper A's batch, the 7500 for its views of 100x100: with another
# `--batch` or `--view` of the table command they stay as they are.
DPED_LOSS: dict[str, Any] = {
    "level": "pool5",
    "form": "minimax",
    "rate": 5e-4,
    "weights": {"mse": 0.0, "perceptual": 100.0, "adversarial": 32.0, "colour": 7500.0, "tv": 2e3},
}


def table_4() -> dict[str, Recipe]:
    """The comparison with other networks, each with the loss that its paper trains it with.

    ``johnson``: features of one level (pool2, next to its relu2_2) beside MSE, without which
    nothing holds the colours. ``mcrn``: MSE and adversarial. ``dense-skip``: NRL's recursive
    network without residual in that paper's framework, as paper A did: MSE, one high level
    (pool5) and adversarial; ``dense-skip-own`` has its own generator. What the papers leave open is
    a guess.
    """
    plain = replace(nrl_paper(), measure_lambda=None)
    mixed = replace(plain, loss="nrl-dpl")
    high = {"level": "pool5"}
    johnson = {"level": "pool2", "weights": {"adversarial": 0.0}}
    mcrn = {"weights": {"perceptual": 0.0}}
    return {
        "srcnn": _row("srcnn", plain, "srcnn"),
        "johnson": replace(_row("johnson", mixed, "johnson"), terms=johnson),
        "dped": replace(_row("dped", mixed, "dped-resnet"), terms=DPED_LOSS),
        "dense-skip": replace(_row("dense-skip", mixed, residual="none"), terms=high),
        "dense-skip-own": replace(_row("dense-skip-own", mixed, "dense-skip"), terms=high),
        "mcrn": replace(_row("mcrn", mixed, "mcrn"), terms=mcrn),
        "NRL": table_3()["NRL"],
        "NRL-DPL": replace(nrl_dpl(), name="NRL-DPL"),
    }
