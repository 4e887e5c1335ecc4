"""What the options ask for: a look or a network that retouches, a network that enlarges, or both.

Paper B's joint network does both at once. Where none ships, ``--scale 2`` takes two in turn, and so
does a look at twice the size: the look takes the place of what retouches.
"""

from dataclasses import dataclass

from burnish.engine import look as looks
from burnish.engine.look import Look
from burnish.engine.models import Model, choose, find, in_turn
from burnish.engine.options import EnhanceOptions
from burnish.errors import ModelError, OptionError


@dataclass(frozen=True)
class Chosen:
    """Found and checked, but not loaded yet."""

    look: Look | None
    first: Model | None
    """The network that retouches, or that does all there is; None for a look without one."""
    second: Model | None
    """The network that enlarges what was retouched, if there are two steps."""
    model: Model
    """Both as one, or the one there is."""

    @property
    def name(self) -> str:
        """Of the look or model, with that of the model that follows: ``nrl+srpie-sr``."""
        if self.look is None:
            return self.model.card.name
        follows = f"+{self.second.card.name}" if self.second else ""
        return self.look.card.name + follows


def chosen(options: EnhanceOptions) -> Chosen:
    """Find what the options name; refuse what does not go together."""
    asked = choose(options.model, options.task, options.scale)
    first, second = asked.steps or (asked, None)
    if not options.look:
        return Chosen(None, first, second, asked)
    look = looks.load(options.look)
    if asked.card.task == "sr":
        second = asked
    if max(options.scale, asked.card.scale) > 1 and second is None:
        raise OptionError(
            f"Model '{asked.card.name}' cannot enlarge what a look has made: --scale 2 without "
            "--model does."
        )
    base = base_of(look, first)
    model = in_turn(base, second) if base and second else base or second or asked
    return Chosen(look, base, second, model)


def base_of(look: Look, named: Model) -> Model | None:
    """The network that a look starts from: the one that ``--model`` names, or one of that name.

    None for a look without. The card has no path: a look works wherever it is carried.
    """
    card = look.card
    if not card.base:
        return None
    if look.starts_from(named):
        return named
    try:
        base = find(card.base)
    except OptionError as error:
        raise ModelError(
            f"The look '{card.name}' starts from the network '{card.base}', which does not ship: "
            "name its folder, the one that --base named, with --model FOLDER."
        ) from error
    look.check_base(base)
    return base
