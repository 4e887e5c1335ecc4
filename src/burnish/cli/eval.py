"""`burnish eval`: how close results come to their targets, beside what plain tools get."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from burnish.cli.flags import with_flags
from burnish.cli.lists import folders
from burnish.engine import models
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError

if TYPE_CHECKING:
    from burnish.bench.examples import Example, Wear
    from burnish.engine.enhancer import Enhancer

EPILOG = "Example: burnish eval retouch-val --data ../shared/data --baselines"


@with_flags(EnhanceOptions)
def command(
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            help="Named sets below --data: retouch-val, exposure-val, finished; retouch-val-half "
            "for models that retouch and enlarge; for those that only enlarge: set5, set14, "
            "bsd100, cid22-val."
        ),
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder that holds the named sets.")] = Path("data"),
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Two folders instead: inputs and targets, matched by name."),
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines", help="Score doing nothing and plain tools as well (bicubic always is)."
        ),
    ] = False,
    outputs: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FOLDER with another method's results, by input name; repeatable."),
    ] = None,
    features: Annotated[
        bool,
        typer.Option(
            "--features",
            help="Score the distance of EfficientNet-Lite0's features too (burnish[bench]).",
        ),
    ] = False,
    jpeg: Annotated[
        int | None,
        typer.Option(help="Enlarging: the inputs as JPEGs of this quality, 1 to 100."),
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(
            help="Enlarging: Gaussian noise in the inputs, its deviation in percent of white."
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON line per photo and method, no table.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Write the scores onto the model's card.")
    ] = False,
    **choices: Any,
) -> int:
    """Score burnish on pairs of photos: PSNR (RGB, capped at 50 dB a photo), SSIM, CIEDE2000."""
    from burnish.bench import benchmarks, quality
    from burnish.bench import sets as evaluation
    from burnish.bench.baselines import BASELINES
    from burnish.bench.enlarging import refuse_twice
    from burnish.bench.examples import Wear
    from burnish.bench.feature_distance import feature_distance
    from burnish.engine.enhancer import Enhancer

    wear = Wear(noise or 0.0, jpeg)
    if enlarged := benchmarks.named(sets or [], data, wear):
        if pairs:
            raise OptionError(f"Score --pairs and {(sets or [''])[0]} apart.")
        if features:
            raise OptionError("--features is for enhancing, not for the benchmarks of enlarging.")
        score_enlarging(EnhanceOptions(**choices), enlarged, outputs or [], json, record, wear)
        return 0
    for flag, value in (("--jpeg", jpeg), ("--noise", noise)):
        if value is not None:
            raise OptionError(f"{flag} is for {', '.join(benchmarks.FOLDERS)}.")
    chosen = [pair for name in sets or () for pair in evaluation.named(name, data)]
    if pairs:
        chosen += evaluation.folders(*pairs)
    if not chosen:
        raise OptionError("Nothing to score: name a set (with --data) or give --pairs IN TARGET.")
    others = folders(outputs or [], "--outputs")
    enhancer = Enhancer(EnhanceOptions(**choices))
    if record:
        refuse_record(enhancer)
    if baselines and enhancer.scale > 1:
        raise OptionError("--baselines are for models at the photo's own size; this one enlarges.")
    methods: dict[str, quality.Method] = dict(BASELINES) if baselines else {}
    refuse_twice("methods", [*methods, enhancer.name, *others])
    methods[enhancer.name] = enhancer.enhance_pixels

    total, done = len(chosen) * (len(methods) + len(others)), 0

    def on_row(row: quality.Row) -> None:
        nonlocal done
        done += 1
        if json:
            print(jsonlib.dumps(row.as_dict()), flush=True)
        elif sys.stderr.isatty():
            print(f"\r{done}/{total}", end="", file=sys.stderr, flush=True)

    distance = feature_distance() if features else None
    rows = quality.evaluate(methods, chosen, on_row, distance)
    for name, folder in others.items():
        rows += quality.score_folder(name, folder, chosen, on_row, distance)
    if record:
        found = quality.summaries([r for r in rows if r.method == enhancer.name])
        what, how = "+".join(sets or ["pairs"]), told_ensemble(enhancer.options)
        scores = {f"{what}: {kind}{how}": asdict(s) for (kind, _), s in found.items()}
        models.record_scores(enhancer.model, scores)
    if not json:
        print(
            f"{'look' if enhancer.look else 'model'} {enhancer.name}, "
            f"{enhancer.precision or 'no network'}, "
            f"strength {enhancer.options.strength:g}, on {', '.join(sets or ['pairs'])}\n"
        )
        print(quality.table(rows))
    return 0


def refuse_record(enhancer: Enhancer) -> None:
    """A card holds what its model does by itself, in full."""
    if enhancer.look:
        raise OptionError("--record is for a model's card; a look has its own figures.")
    models.refuse_two(enhancer.model)
    if enhancer.options.strength != 1 or enhancer.options.mode != "full":
        raise OptionError("--record wants --strength 1 and --mode full: the card is of the model.")


def told_ensemble(options: EnhanceOptions) -> str:
    """How a card tells that its scores are of an ensemble."""
    return "" if options.ensemble == "none" else f", ensemble {options.ensemble}"


def score_enlarging(
    options: EnhanceOptions,
    data: Mapping[str, Sequence[Example]],
    outputs: list[str],
    json: bool,
    record: bool,
    wear: Wear,
) -> None:
    """A model that only enlarges on the benchmarks, as in `burnish bench table b2`."""
    from burnish.bench import benchmarks, enlarging
    from burnish.engine.enhancer import Enhancer

    enhancer = Enhancer(options)
    benchmarks.check(enhancer)
    if record:
        refuse_record(enhancer)
    card = enhancer.model.card

    def on_score(method: str, name: str, psnr: float, ssim: float) -> None:
        if json:
            row = {"method": method, "name": name, "psnr": enlarging.plain(psnr), "ssim": ssim}
            print(jsonlib.dumps(row), flush=True)

    contenders = [
        enlarging.bicubic_contender(card.scale),
        enlarging.Contender(enhancer.name, enhancer.enhance_pixels, card.parameters),
    ]
    rows = enlarging.measure_all(
        contenders, folders(outputs, "--outputs"), data, card.scale, on_score
    )
    sizes = {name: len(found) for name, found in data.items()}
    if record:
        how = f"{told_ensemble(options)}{wear}"
        scores = {
            f"{name}: luma, x{card.scale}{how}": {
                "pictures": sizes[name],
                "psnr": measured.psnr,
                "ssim": measured.ssim,
                "bicubic_psnr": rows["bicubic"][name].psnr,
            }
            for name, measured in rows[enhancer.name].items()
        }
        models.record_scores(enhancer.model, scores)
    if not json:
        print(
            f"model {enhancer.name}, {enhancer.precision}, strength {options.strength:g}, "
            f"ensemble {options.ensemble}{wear}\n"
        )
        print(enlarging.table(rows, {enhancer.name: card.parameters}, sizes, card.scale))
