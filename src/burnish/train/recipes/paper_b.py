"""Recipes of paper B. A name alone is the published schedule, ``-cpu``, ``-bf16`` scaled down;
``-further`` goes on from weights, ``-settled`` ends a run in bf16.

| recipe | pairs | `burnish train RECIPE --run RUN --validation cid22-val --data ...` |
|---|---|---|
| `srpie-sr-bench` | clean bicubic | all photos and bsds400: for the benchmarks, never ships |
| `srpie-sr` | bicubic, with mild blur, noise and JPEG | ships for ``--task sr``; wide form |
| `srpie` | half-size un-retouched input, finished target | the joint task, as published |
| `srpie-wide` | as `srpie-sr-bench` | the form whose DUNet sees the features |
| `imdn` | as `srpie-sr-bench` | the network that the paper compares sizes and seconds with |
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from burnish.train.recipe import Recipe, Stage

# 800 photos of DIV2K, each counted twice: 100 steps an epoch of 16, 400 of 4.
STEPS_64, STEPS_88 = 50 * 100, 70 * 400
# What DUNet reaches beyond a view, at twice the size: there a start as bicubic is too dark.
RING = 8


def srpie_sr_bench() -> Recipe:
    """The paper's training: 50 epochs of 64x64 inputs, then 70 of 88x88, the hybrid loss.

    33,000 steps. Its content term wants VGG's weights in the user's cache.
    """
    steps = STEPS_64 + STEPS_88
    return Recipe(
        name="srpie-sr-bench",
        net="srpie",
        pairs="bicubic",
        steps=steps,
        stages=(
            Stage(STEPS_64 / steps, 64, 16, learning_rate=1e-4),
            Stage(STEPS_88 / steps, 88, 4, learning_rate=1e-5),
        ),
        loss="hybrid",
        learning_rate=1e-4,
        betas=(0.9, 0.999),
        schedule="stages",
        warmup=0,
        data_side=2048,
        description="Deep SR-PIE for super-resolution x2 by the published schedule.",
    )


def srpie_sr() -> Recipe:
    """On pairs with mild blur, noise and JPEG: what ships for upscaling, in the wide form."""
    return replace(
        srpie_sr_bench(),
        name="srpie-sr",
        net="srpie-wide",
        pairs="bicubic-mild",
        description="Deep SR-PIE for super-resolution x2 of ordinary photos.",
    )


def srpie() -> Recipe:
    """The joint task: un-retouched at half size in, finished at full size out.

    Views that show most of a photo were made small, and hold little of the detail to be learned:
    four in ten are cut at the photo's own size.
    """
    return replace(
        srpie_sr_bench(),
        name="srpie",
        pairs="joint",
        own_scale=0.4,
        data_side=1024,
        description="Deep SR-PIE for enlarging and retouching at once.",
    )


def srpie_wide() -> Recipe:
    """Our form whose DUNet also receives the features, at the same size and on the same pairs."""
    return replace(
        srpie_sr_bench(),
        name="srpie-wide",
        net="srpie-wide",
        description="Deep SR-PIE with features for DUNet, for super-resolution x2.",
    )


def imdn() -> Recipe:
    """IMDN by the recipe that `srpie-sr-bench` trains by, to compare at equal budget."""
    return replace(
        srpie_sr_bench(),
        name="imdn",
        net="imdn",
        description="IMDN for super-resolution x2, by Deep SR-PIE's recipe.",
    )


def cpu(base: Recipe) -> Recipe:
    """A form that a CPU carries in hours: small views, L1 first, a higher and falling rate, and
    for Deep SR-PIE a start from bicubic enlargement, without the views' border at first.

    The content term is left out: with the published weights it is a thousandth of the sum
    (`docs/paper-b.md` shows the terms), and VGG costs as much as the network.
    """
    start = {} if base.net == "imdn" else {"start": "bicubic"}
    return replace(
        base,
        name=f"{base.name}-cpu",
        choices=base.choices | start,
        steps=12_000,
        stages=(
            Stage(0.3, 32, 16, loss="l1", border=RING),
            Stage(0.3, 32, 16, loss="l1"),
            Stage(0.3, 48, 8, loss="l1"),
            Stage(0.1, 64, 8),
        ),
        terms={"weights": {"content": 0.0}},
        schedule="cosine",
        learning_rate=5e-4,
        warmup=100,
        description=f"{base.description} Scaled down for CPUs.",
    )


def bf16(base: Recipe) -> Recipe:
    """A form for a CPU with matrix units, with ``--precision bf16 --compile``: L1 alone. From an
    earlier run's weights (``--start``) or from bicubic enlargement.

    A step of 16x32x32 takes 0.3 to 0.6 s of one such core, of 16x48x48 0.7 to 1.2.
    """
    return replace(
        cpu(base),
        name=f"{base.name}-bf16",
        steps=20_000,
        stages=(Stage(0.3, 32, 16, border=RING), Stage(0.4, 32, 16), Stage(0.3, 48, 16)),
        loss="l1",
        terms={},
        description=f"{base.description} Scaled down for CPUs with matrix units.",
    )


def further(base: Recipe) -> Recipe:
    """From the weights of an earlier run (``--start``): larger views, a lower rate, and Muon."""
    return replace(
        bf16(base),
        name=f"{base.name}-further",
        steps=7000,
        stages=(Stage(1.0, 64, 8),),
        optimiser="muon",
        learning_rate=2e-4,
        description=f"{base.description} From an earlier run's weights.",
    )


def settled(base: Recipe) -> Recipe:
    """A hundred steps in float32 (no ``--precision bf16``) from a run in bf16 (``--start``).

    In bf16 weights are rounded, and what is learned makes up for that: used in float32, as they
    are, the same weights leave pictures up to 0.7/255 too dark. A few minutes undo it.
    """
    return replace(
        further(base),
        name=f"{base.name}-settled",
        steps=100,
        optimiser="adam",
        learning_rate=5e-5,
        warmup=10,
        ema=0.9,
        description=f"{base.description} The last steps, in float32.",
    )


def _form_of(form: Callable[[Recipe], Recipe], name: str) -> Recipe:
    return form(PUBLISHED[name]())


def table_1(base: Recipe | None = None) -> dict[str, Recipe]:
    """The eleven rows of Table 1: each a difference from ``base``, the joint task as published."""
    rows: dict[str, dict[str, Any]] = {
        "full": {},
        "inputs d,b": {"pair": "d,b"},
        "inputs d,i": {"pair": "d,i"},
        "inputs i,i": {"pair": "i,i"},
        "no HFA_1": {"without": "hfa1"},
        "no HFA_2": {"without": "hfa2"},
        "no HFA_3": {"without": "hfa3"},
        "A_v1": {"transform": "v1"},
        "A_v2": {"transform": "v2"},
        "no PENet": {"transform": "none"},
        "pixel-shuffle": {"upsampler": "shuffle"},
    }
    base = base or srpie()
    return {key: replace(base, choices=base.choices | more) for key, more in rows.items()}


PUBLISHED = {
    "srpie-sr-bench": srpie_sr_bench,
    "srpie-sr": srpie_sr,
    "srpie": srpie,
    "srpie-wide": srpie_wide,
    "imdn": imdn,
}
RECIPES: dict[str, Callable[[], Recipe]] = {
    **PUBLISHED,
    **{f"{name}-cpu": partial(_form_of, cpu, name) for name in PUBLISHED},
    **{f"{name}-bf16": partial(_form_of, bf16, name) for name in PUBLISHED},
    **{f"{name}-further": partial(_form_of, further, name) for name in PUBLISHED},
    **{f"{name}-settled": partial(_form_of, settled, name) for name in PUBLISHED},
}
