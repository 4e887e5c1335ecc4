"""Table b2: models that enlarge, on benchmarks of super-resolution."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from burnish.bench import enlarging
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError

SCALE = 2
BENCHMARKS = ("Set5", "Set14", "BSD100")
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


def refuse_twice(what: str, names: Sequence[str]) -> None:
    """The later one would take the earlier one's place in the table."""
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"Two {what} would be called '{name}': give them other names.")


def table_b2(
    models: Sequence[str],
    folders: Sequence[Path],
    outputs: Mapping[str, Path],
    ensemble: bool,
    threads: int,
) -> tuple[str, str]:
    """Bicubic, the models, and other methods' folders (NAME/SET/picture or NAME/picture).

    As Markdown and as JSON.
    """
    if not folders:
        raise OptionError(
            "Table b2 wants data sets: --on FOLDER, such as --on data/benchmarks/Set5."
        )
    refuse_twice("data sets", [folder.name for folder in folders])
    data = {folder.name: enlarging.examples(folder) for folder in folders}
    contenders = [enlarging.bicubic_contender(SCALE)]
    names = [find(model).card.name for model in models]
    for model, own in zip(models, names, strict=True):
        row = own if names.count(own) == 1 else model  # of one recipe, told apart by folder
        for flips in (False, True) if ensemble else (False,):
            made = enhancer(model, SCALE, threads, flips)
            name = row + ("+" if flips else "")
            contenders.append(
                enlarging.Contender(name, made.enhance_pixels, made.model.card.parameters)
            )
    refuse_twice("rows", [*(c.name for c in contenders), *outputs])
    grey = {"Set14": GREY_IN_SET14}
    on_luma = {
        name: enlarging.bicubic_on_luma(found, SCALE, grey.get(name, ()))
        for name, found in data.items()
        if not enlarging.on_rgb(name)
    }
    rows = {"bicubic on luma": on_luma} if on_luma else {}
    rows |= enlarging.measure_all(contenders, outputs, data, SCALE)
    parameters = {c.name: c.parameters for c in contenders}
    sizes = {name: len(found) for name, found in data.items()}
    values = {
        "pictures": sizes,
        "parameters": parameters,
        "rows": {row: {n: asdict(m) for n, m in by.items()} for row, by in rows.items()},
    }
    return enlarging.table(rows, parameters, sizes), json.dumps(values, indent=1)
