"""The part of `burnish bench` that proves the look learner."""

import sys
from collections.abc import Sequence
from pathlib import Path

from burnish.look import made, proof


def prove(
    sets: Path,
    pairs: tuple[Path, Path] | None,
    looks: str | None,
    counts: Sequence[int],
    seed: int,
    side: int,
    every: int,
    model: str,
    finetune: str | None,
    budget: float,
    folders: Sequence[Path],
    exclude: Sequence[str],
) -> str:
    """Learned looks against other ways, as a table: on made looks, or on real pairs."""
    more: proof.Methods = {}
    if finetune:
        from burnish.look.finetune import methods  # torch, which nothing else here wants

        more = methods(finetune.split(","), model, seed, budget)

    def tell(row: proof.Row) -> None:
        print(
            f"{row.look} {row.pairs} {row.method}: {row.delta_e:.2f} in {row.seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )

    if pairs:
        return proof.table(proof.split(*pairs, list(counts), seed, tell, more, model))
    chosen = looks.split(",") if looks else list(made.LOOKS)
    rows = proof.run(
        sets, chosen, list(counts), seed, side, every, tell, more, folders, exclude, model
    )
    return proof.table(rows)
