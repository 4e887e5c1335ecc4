"""NRL on un-retouched photos: the published form, and the runs behind `nrl` and `nrl-dpl`."""

from collections.abc import Callable
from dataclasses import replace

from burnish.train.recipe import Recipe, Stage


def nrl() -> Recipe:
    """NRL in the published form, on made retouch pairs: `burnish train nrl --data FOLDER...`."""
    return Recipe(
        name="nrl",
        net="nrl",
        stages=(Stage(0.78, 32, 16), Stage(0.18, 64, 8), Stage(0.04, 96, 8)),
        description="NRL (paper A) as published, trained on un-retouched photos.",
    )


def nrl_gate() -> Recipe:
    """The last run behind the model `nrl`, from an earlier one's weights.

    The adjusting map first, without G, since tone and colour are its business; then everything.
    `burnish train nrl-gate --start WEIGHTS ...`, half an hour on one core without matrix units.
    """
    return replace(
        nrl_global(),
        name="nrl-gate",
        steps=2100,
        stages=(
            Stage(0.7, 32, 32, only=("map.",), residual=False),
            Stage(0.3, 32, 16),
        ),
        own_scale=0.75,
        vary_finish=True,
        loss="tempered",
        learning_rate=3e-3,
        warmup=50,
        ema=0.995,
        description="NRL's adjusting map with a gate, then the whole network.",
    )


def nrl_gate_dpl() -> Recipe:
    """The model `nrl-dpl`: from `nrl`'s weights, by paper A's loss with tempered L1 for MSE.

    The map by itself first, as tone is most of what features can still gain; then everything.
    It wants `burnish weights add vgg16`. `burnish train nrl-gate-dpl --start NRL ...`
    """
    return replace(
        nrl_gate(),
        name="nrl-gate-dpl",
        steps=1500,
        stages=(
            Stage(0.6, 32, 32, only=("map.",), residual=False),
            Stage(0.4, 64, 8),
        ),
        loss="nrl-dpl",
        terms={
            "weights": {"mse": 0.0, "tempered": 1.0, "perceptual": 0.05, "adversarial": 5e-4},
        },
        learning_rate=1e-3,
        description="NRL with a gated map, by the dynamic perceptual and adversarial loss.",
    )


def nrl_global() -> Recipe:
    """The model `nrl`: NRL with the map gated by whole-picture statistics."""
    return replace(
        nrl(),
        name="nrl-global",
        net="nrl-global",
        description="NRL with a globally gated adjusting map, trained on un-retouched photos.",
    )


RECIPES: dict[str, Callable[[], Recipe]] = {
    "nrl": nrl,
    "nrl-global": nrl_global,
    "nrl-gate": nrl_gate,
    "nrl-gate-dpl": nrl_gate_dpl,
}
