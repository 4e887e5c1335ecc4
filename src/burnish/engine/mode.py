"""Which of the two modes a photo takes, and the sentence that says so."""

from typing import Literal

from burnish.engine import fast

Mode = Literal["full", "fast", "auto"]
Taken = Literal["full", "fast"]


def choose(
    mode: Mode, height: int, width: int, scale: int, seconds: float, budget: float
) -> tuple[Taken, str]:
    """(what to take, a note for the user or nothing).

    ``seconds`` is what full mode is expected to take; auto holds it against ``budget``. A photo
    that is not larger than fast mode's own stand-in goes through the network as it is.
    """
    small = fast.factor_for(height, width) == 1
    if mode == "full" or (small and scale == 1):
        return "full", ""
    if scale != 1:
        note = "The model enlarges, which fast mode cannot do: full mode was used."
        return "full", note if mode == "fast" else ""
    if mode == "fast":
        return "fast", ""
    if seconds <= budget:
        return "full", f"Full mode was used: about {seconds:.1f} s of {budget:g} s allowed."
    return "fast", f"Fast mode was used: full mode would take about {seconds:.0f} s."
