"""The benchmarks of super-resolution by name, for `burnish eval`; scored as in `enlarging`."""

from collections.abc import Sequence
from pathlib import Path

from burnish.bench.examples import CLEAN, Example, Wear, examples, worn
from burnish.engine.enhancer import Enhancer
from burnish.errors import OptionError

FOLDERS = {
    "set5": "benchmarks/Set5",
    "set14": "benchmarks/Set14",
    "bsd100": "benchmarks/BSD100",
    "cid22-val": "photos/cid22-val",
}
"""Name -> its folder; the last part is also what the tables call it."""


def named(sets: Sequence[str], data: Path, wear: Wear = CLEAN) -> dict[str, list[Example]]:
    """The pictures of the named sets by the tables' names; empty if none of them is one.

    ``wear`` is what the pictures went through that the networks are given.

    Raises:
        OptionError: some are, and some are other sets, which are scored in another way.
    """
    others = [name for name in sets if name not in FOLDERS]
    if len(others) == len(sets):
        return {}
    if others:
        raise OptionError(
            f"{', '.join(FOLDERS)} are scored on luma and {others[0]} on RGB: score them apart."
        )
    return {Path(FOLDERS[name]).name: worn(examples(data / FOLDERS[name]), wear) for name in sets}


def check(enhancer: Enhancer) -> None:
    """Refuse what does not only enlarge: a retouch would count as an error."""
    card = enhancer.model.card
    if enhancer.look or card.task != "sr":
        raise OptionError(
            f"{', '.join(FOLDERS)} are for models that only enlarge, not for {enhancer.name}: "
            "give --task sr, or --model."
        )
