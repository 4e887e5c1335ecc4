"""Which models there are: those in the wheel by name, and any exported folder by path."""

import dataclasses
import difflib
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from burnish.card import ModelCard
from burnish.errors import ModelError, OptionError
from burnish.files import is_file, sha256, unreachable, write_text

DEFAULT = "tone"
PLUS = "+"
"""Between the names of two models that work in turn."""
AUTO = "auto"
"""The shipped model for what is asked: see `resolve`."""
Task = Literal["enhance", "sr"]


@dataclass(frozen=True)
class Model:
    """An exported model folder and its card, or two in turn as one."""

    folder: Path
    card: ModelCard
    steps: tuple["Model", "Model"] | None = None
    """The two, if there are two: see `in_turn`."""

    @property
    def weights(self) -> Path:
        """What its graphs were made from, for torch and to train on."""
        return self.folder / "weights.safetensors"


def _wheel() -> Path:
    return Path(str(resources.files("burnish") / "weights"))


def shipped() -> list[str]:
    """Names of the models in the wheel, the default first."""
    names = sorted(p.parent.name for p in _wheel().glob("*/card.json"))
    return sorted(names, key=lambda n: n != DEFAULT)


def record_scores(model: Model, scores: dict[str, Any]) -> None:
    """Add scores to a model's card on disk, whole or not at all; the other facts stay."""
    refuse_two(model)
    card = dataclasses.replace(model.card, scores=model.card.scores | scores)
    write_text(model.folder / "card.json", card.to_json() + "\n")


def refuse_two(model: Model) -> None:
    """OptionError for two models in turn, before scores are made for their card."""
    if model.steps:
        raise OptionError(f"{model.card.name} is two models: there is no card to write scores on.")


def offered() -> list[str]:
    """What ships, with the pair that ``--scale 2`` stands for where no model does both at once."""
    names = shipped()
    if _shipped_for("sr", 2) and not _shipped_for("enhance", 2):
        names.insert(1, resolve(AUTO, "enhance", 2))
    return names


def in_turn(first: Model, second: Model) -> Model:
    """Two models as one: what the first retouches, the second enlarges."""
    a, b = first.card, second.card
    if (a.task, a.scale) != ("enhance", 1) or b.task != "sr" or first.steps:
        raise OptionError(
            f"{a.name}{PLUS}{b.name} cannot be: the first of two has to retouch at the photo's own "
            "size, the second to be one that only enlarges."
        )
    if b.moments or b.tones:
        raise OptionError(f"Model '{b.name}' judges the whole photo: it cannot be the second step.")
    card = ModelCard(
        name=f"{a.name}{PLUS}{b.name}",
        net="",
        halo=a.halo + b.halo,
        scale=b.scale,
        multiple_of=math.lcm(a.multiple_of, b.multiple_of),
        whole=a.whole or b.whole,
        moments=a.moments,
        moments_halo=a.moments_halo,
        tones=a.tones,
        parameters=a.parameters + b.parameters,
        description=f"Two in turn: {a.name} retouches, then {b.name} enlarges by {b.scale}.",
        licence="; ".join(dict.fromkeys(c.licence for c in (a, b) if c.licence)),
        training_data=tuple(dict.fromkeys((*a.training_data, *b.training_data))),
        hashes={
            f"{number}/{file}": digest
            for number, c in enumerate((a, b), 1)
            for file, digest in c.hashes.items()
        },
    )
    return Model(first.folder, card, (first, second))


def anywhere(name: str) -> str:
    """A name by which `find` finds the same model from another working directory."""
    found = find(name)
    steps = found.steps or (found,)
    wheel = _wheel()
    return PLUS.join(
        s.folder.name if s.folder.parent == wheel else str(s.folder.absolute()) for s in steps
    )


def _shipped_for(task: Task, scale: int) -> str | None:
    """The shipped model for a task at a scale."""
    for name in shipped():
        card = _card(_wheel() / name)
        if (card.task, card.scale) == (task, scale):
            return name
    return None


def resolve(model: str, task: Task, scale: int, with_look: bool = False) -> str:
    """The name of a model: what is named, or for ``auto`` a shipped one whose card fits.

    ``scale`` 0 is 1 for ``enhance`` and 2 for ``sr``. Where no model enhances and enlarges, it is
    two in turn; a look is followed by one that only enlarges in any case.
    """
    wanted = scale or (2 if task == "sr" else 1)
    if model != AUTO:
        return model
    if (task, wanted) == ("enhance", 1):
        return DEFAULT
    both = task == "enhance" and with_look
    if not both and (name := _shipped_for(task, wanted)):
        return name
    if task == "enhance" and (second := _shipped_for("sr", wanted)):
        return f"{DEFAULT}{PLUS}{second}"
    does = "enhances and enlarges" if task == "enhance" else "only enlarges"
    raise OptionError(
        f"No model that {does} by {wanted} ships with this copy of burnish (--task {task} "
        f"--scale {wanted}): give an exported one with --model FOLDER."
    )


def choose(model: str, task: Task, scale: int) -> Model:
    """The model that `resolve` names; one that does not do what is asked is refused."""
    found = find(resolve(model, task, scale))
    if scale and found.card.scale != scale:
        second = _shipped_for("sr", scale) if found.card.scale == 1 else None
        hint = f" To enlarge afterwards: --model {model}{PLUS}{second}." if second else ""
        raise OptionError(f"Model '{model}' has scale {found.card.scale}, not {scale}.{hint}")
    if task == "sr" and found.card.task != task:
        raise OptionError(f"Model '{model}' changes tone and colour: it is not for --task sr.")
    return found


def _card(folder: Path) -> ModelCard:
    card_file = folder / "card.json"
    try:
        text = card_file.read_text("utf-8")
    except OSError as error:
        raise ModelError(f"{card_file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{card_file} holds no valid model card: it is no text.") from error
    return ModelCard.from_json(text, str(card_file))


def find(name_or_path: str) -> Model:
    """Look a model up by the name of a shipped one or the path of an exported folder.

    ``A+B`` are two in turn, where there is no folder of that name. Every file is checked against
    the hash on the card before anything is loaded.
    """
    folder = _wheel() / name_or_path
    if name_or_path not in shipped():
        folder = Path(name_or_path)
        if not is_file(folder / "card.json"):
            first, plus, second = name_or_path.rpartition(PLUS)
            if plus:
                return in_turn(find(first), find(second))
            if why := unreachable(folder / "card.json"):
                raise OptionError(f"The model '{name_or_path}' cannot be read: {why}.")
            near = difflib.get_close_matches(name_or_path, shipped(), n=1, cutoff=0.3) or shipped()
            raise OptionError(
                f"There is no model '{name_or_path}': it is neither a shipped one "
                f"(did you mean {' or '.join(near) or 'none, as none is shipped'}?) "
                "nor a folder made by `burnish export`."
            )
    card = _card(folder)
    for file, digest in card.hashes.items():
        path = folder / file
        try:
            whole = is_file(path) and sha256(path) == digest
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
        if not whole:
            raise ModelError(
                f"{path} is missing or damaged; install burnish again or export it again."
            )
    return Model(folder, card)
