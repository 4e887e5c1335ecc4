"""The ends of `burnish bench table`: the pairs that it scores on, and the files it leaves."""

from __future__ import annotations

import json
from pathlib import Path

from burnish.bench import sets as evaluation
from burnish.bench import table_text
from burnish.bench.sets import EvalPair
from burnish.bench.tables import Result
from burnish.data.phones import Phone
from burnish.errors import OptionError
from burnish.files import write_text


def test_set(
    name: str | None,
    sets: Path,
    pairs: tuple[Path, Path] | None,
    dped: tuple[Path, Phone] | None,
    ablation: bool,
) -> tuple[list[EvalPair], str]:
    """The pairs to score on, and what to call them."""
    if pairs:
        return list(evaluation.folders(*pairs)), f"{pairs[0].name} and {pairs[1].name}"
    if name:
        return evaluation.named(name, sets), name
    if dped:
        found = evaluation.dped(*dped, ablation=ablation)
        return found, f"DPED {dped[1]}" + (" (at most 400, by seed 0)" if ablation else "")
    raise OptionError(
        "Nothing to score on: give --test SET, --test-pairs INPUTS TARGETS or --dped."
    )


def written(result: Result, runs: Path) -> tuple[str, str]:
    """Write a table beside its runs as Markdown, JSON and perhaps a figure; the first two again."""
    text, values = table_text.markdown(result), json.dumps(table_text.plain(result), indent=1)
    stem = f"table-{result.table.name}"
    write_text(runs / f"{stem}.md", text + "\n")
    write_text(runs / f"{stem}.json", values + "\n")
    if drawing := table_text.figure(result):
        write_text(runs / f"{stem}.svg", drawing)
    return text, values
