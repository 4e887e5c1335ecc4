"""The benchmarks of super-resolution by name, for `burnish eval`; scored as in `enlarging`."""

from collections.abc import Sequence
from pathlib import Path

from burnish.bench.enlarging import Example, examples
from burnish.engine.enhancer import Enhancer
from burnish.errors import OptionError

FOLDERS = {"set5": "Set5", "set14": "Set14", "bsd100": "BSD100"}
"""Name -> its folder below ``benchmarks``, which is also the papers' name for it."""


def named(sets: Sequence[str], data: Path) -> dict[str, list[Example]]:
    """The pictures of the named sets by the papers' names; empty if none of them is one.

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
    return {FOLDERS[name]: examples(data / "benchmarks" / FOLDERS[name]) for name in sets}


def check(enhancer: Enhancer) -> None:
    """Refuse what does not only enlarge: a retouch would count as an error."""
    card = enhancer.model.card
    if enhancer.look or card.task != "sr":
        raise OptionError(
            f"{', '.join(FOLDERS)} are for models that only enlarge, not for {enhancer.name}: "
            "give --task sr, or --model."
        )
