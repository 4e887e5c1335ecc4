"""Table b2: models that enlarge, on benchmarks of super-resolution."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from burnish.bench import enlarging
from burnish.bench.examples import examples
from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError

SCALE = 2
SCALES = (2, 3, 4)
GREY_IN_SET14 = ("img_003",)
"""The picture 'bridge', which the published Set14 holds as a grey file."""


def enhancer(model: str, scale: int, threads: int, ensemble: bool = False) -> Enhancer:
    """A model in float32, refused if its scale is another."""
    options = EnhanceOptions(
        model=model,
        scale=scale,
        precision="f32",
        threads=threads,
        ensemble="4" if ensemble else "none",
    )
    return Enhancer(options)


def table_b2(
    models: Sequence[str],
    folders: Sequence[Path],
    outputs: Mapping[str, Path],
    ensemble: bool,
    threads: int,
    scale: int = SCALE,
) -> tuple[str, str]:
    """Bicubic, the models, and other methods' folders (NAME/SET/picture or NAME/picture).

    As Markdown and as JSON.
    """
    if not folders:
        raise OptionError(
            "Table b2 wants data sets: --on FOLDER, such as --on data/benchmarks/Set5."
        )
    if scale not in SCALES:
        raise OptionError(f"--scale is 2, 3 or 4, not {scale}.")
    enlarging.refuse_twice("data sets", [folder.name for folder in folders])
    data = {folder.name: examples(folder) for folder in folders}
    contenders = [enlarging.bicubic_contender(scale)]
    made = [(model, enhancer(model, scale, threads)) for model in models]
    names = [plain.model.card.name for _, plain in made]
    for model, plain in made:
        card = plain.model.card
        name = card.name if names.count(card.name) == 1 else model  # of one recipe: by folder
        contenders.append(enlarging.Contender(name, plain.enhance_pixels, card.parameters))
        if ensemble:
            flipped = enhancer(model, scale, threads, ensemble=True)
            contenders.append(
                enlarging.Contender(f"{name}+", flipped.enhance_pixels, card.parameters)
            )
    grey = {"Set14": GREY_IN_SET14}
    on_luma = {
        name: enlarging.bicubic_on_luma(found, scale, grey.get(name, ()))
        for name, found in data.items()
        if not enlarging.on_rgb(name)
    }
    rows = {"bicubic on luma": on_luma} if on_luma else {}
    rows |= enlarging.measure_all(contenders, outputs, data, scale)
    parameters = {c.name: c.parameters for c in contenders}
    sizes = {name: len(found) for name, found in data.items()}
    values = {
        "pictures": sizes,
        "parameters": parameters,
        "rows": {
            row: {n: asdict(m) | {"psnr": enlarging.plain(m.psnr)} for n, m in by.items()}
            for row, by in rows.items()
        },
    }
    return enlarging.table(rows, parameters, sizes, scale), json.dumps(values, indent=1)
