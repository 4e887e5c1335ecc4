"""`burnish look`: what a look file is, its forms for other programs, and blends of two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.engine import look as looks
from burnish.errors import OptionError
from burnish.files import refuse_input, refuse_taken

EPILOG = """\b
Examples:
  burnish look info mine.look
  burnish look export-cube mine.look -o mine.cube
  burnish look export-graph mine.look -o mine.onnx
  burnish look blend mine.look yours.look --share 0.7 -o both.look
"""


def command(
    what: Annotated[
        str, typer.Argument(metavar="info|export-cube|export-graph|blend", help="What to do.")
    ],
    files: Annotated[
        list[Path], typer.Argument(metavar="LOOK...", help="Look file; two to blend.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The .cube, .onnx or look file to write.")
    ] = None,
    share: Annotated[float, typer.Option(help="blend: how much of the first look, 0 to 1.")] = 0.5,
    json: Annotated[bool, typer.Option("--json", help="info: print the card as JSON.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output that exists.")
    ] = False,
) -> None:
    """Show a look, export its global part as a 3-D table or all of it as a graph, or blend two."""
    wanted = {"info": 1, "export-cube": 1, "export-graph": 1, "blend": 2}
    if what not in wanted:
        raise OptionError(
            f"There is no 'burnish look {what}'; choose info, export-cube, export-graph or blend."
        )
    if len(files) != wanted[what]:
        raise OptionError(f"{what} takes {wanted[what]} look file(s), not {len(files)}.")
    found = [looks.load(path) for path in files]
    if what == "info":
        print(found[0].card.to_json() if json else describe(found[0], files[0]))
        return
    if output is None:
        raise OptionError(f"{what} needs -o, the file to write.")
    refuse_input(output, files)
    if what == "export-cube":
        from burnish.look import cube

        cube.write(found[0], output, overwrite)
        print(f"{output}: {cube.POINTS} points a side. {kept(found[0])}")
        return
    if what == "export-graph":
        from burnish.look import graph

        gap = graph.write(found[0], output, overwrite)
        print(f"{output}: an ONNX graph, within {gap:.1g} of the look.")
        return
    if not 0 <= share <= 1:
        raise OptionError(f"--share must lie between 0 and 1, not {share}.")
    refuse_taken(output, overwrite)
    looks.blend(found, [share, 1 - share], output.stem).save(output)
    print(f"{output}: {share:.0%} {files[0].stem}, {1 - share:.0%} {files[1].stem}")


def describe(look: looks.Look, path: Path) -> str:
    """A few lines for people."""
    card = look.card
    lines = [
        f"{card.name}: {path.stat().st_size / 1024:.0f} KiB, from {card.pairs} pairs",
        f"base network: {card.base or 'none'}",
        f"licence: {card.licence or 'not stated by the owner'}",
        f"does: {', '.join(dict.fromkeys(g for part in look.parts for g in part.weights))}",
    ]
    if "blend of" in card.options:
        names = zip(card.options["blend of"], card.shares, strict=False)
        lines.append("blend: " + ", ".join(f"{share:.0%} {name}" for name, share in names))
    for method, figures in card.scores.get("held out", {}).items():
        lines.append(
            f"held out, {method}: CIEDE2000 {figures['delta_e']:.2f}, "
            f"PSNR {figures['psnr']:.2f} dB, SSIM {figures['ssim']:.4f}"
        )
    lines.append(kept(look))
    return "\n".join(lines)


def kept(look: looks.Look) -> str:
    """How much of the look a 3-D table keeps, as measured when it was learned."""
    share = look.card.scores.get("kept by a 33-point table")
    if share is None:
        return "How much of the look a 3-D table keeps was not measured."
    return f"A 3-D table keeps {share:.0%} of what the look does."
