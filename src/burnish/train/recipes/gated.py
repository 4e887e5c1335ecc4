"""Recipes of PENet with a gate, ours: what ships for ``--scale 2`` and as the default.

| recipe | pairs | |
|---|---|---|
| `srpie-global-cpu` | as `srpie` | after `srpie-sr` and `nrl`: ships for ``--scale 2`` |
| `srpie-global-further` | as `srpie` | the same from an earlier one's weights |
| `tone` | un-retouched photos, as for `nrl-gate` | without enlarging: the default model |
"""

from collections.abc import Callable
from dataclasses import replace

from burnish.train.recipe import Recipe, Stage

PENET = ("penet.", "gate.")


def srpie_global_cpu() -> Recipe:
    """The joint task by the form with a gate, from the weights of `srpie-sr` and of `nrl`'s gate.

    Tone and colour first, on bicubic enlargements; then everything. An hour and a
    half on one core without matrix units:
    `burnish train srpie-global-cpu --start SRPIE_SR --start NRL ...`
    """
    return Recipe(
        name="srpie-global-cpu",
        net="srpie-global",
        pairs="joint",
        steps=4000,
        stages=(
            Stage(0.35, 32, 32, only=PENET, residual=False),
            Stage(0.65, 32, 16),
        ),
        loss="tempered",
        learning_rate=1e-3,
        warmup=50,
        ema=0.995,
        own_scale=0.4,
        vary_finish=True,
        data_side=1024,
        description="Deep SR-PIE with a gate, for enlarging and retouching at once.",
    )


def srpie_global_further() -> Recipe:
    """From `srpie-sr`'s MBFNet and DUNet and an earlier `srpie`'s PENet and gate, all at once.

    Few steps at a low rate: what the parts know alone, a longer training loses (`docs/log.md`).
    `burnish train srpie-global-further --start SRPIE_SR --start SRPIE ...`
    """
    return replace(
        srpie_global_cpu(),
        name="srpie-global-further",
        steps=300,
        stages=(Stage(1.0, 48, 8),),
        learning_rate=5e-5,
        ema=0.98,
        description="Deep SR-PIE with a gate, from the weights of an earlier one.",
    )


def tone() -> Recipe:
    """PENet with a gate alone, at the photo's own size, on the pairs that `nrl-gate` learns from.

    From `srpie`'s weights, half an hour on one core without matrix units:
    `burnish train tone --start SRPIE ...`
    """
    return Recipe(
        name="tone",
        net="tone",
        steps=3000,
        stages=(Stage(1.0, 32, 32, only=PENET),),
        loss="tempered",
        warmup=50,
        ema=0.995,
        own_scale=0.75,
        vary_finish=True,
        description="PENet with a gate, for tone and colour.",
    )


RECIPES: dict[str, Callable[[], Recipe]] = {
    "srpie-global-cpu": srpie_global_cpu,
    "srpie-global-further": srpie_global_further,
    "tone": tone,
}
