"""Which models there are: those in the wheel by name, and any exported folder by path."""

import dataclasses
import difflib
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from burnish.card import ModelCard
from burnish.errors import ModelError, OptionError

DEFAULT = "nrl"
AUTO = "auto"
"""The shipped model for what is asked: see `resolve`."""
Task = Literal["enhance", "sr"]


@dataclass(frozen=True)
class Model:
    """An exported model folder and its card."""

    folder: Path
    card: ModelCard


def _wheel() -> Path:
    return Path(str(resources.files("burnish") / "weights"))


def shipped() -> list[str]:
    """Names of the models in the wheel, the default first."""
    names = sorted(p.parent.name for p in _wheel().glob("*/card.json"))
    return sorted(names, key=lambda n: n != DEFAULT)


def sha256(path: Path) -> str:
    """Hash of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record_scores(model: Model, scores: dict[str, Any]) -> None:
    """Add scores to a model's card on disk, whole or not at all; the other facts stay."""
    card = dataclasses.replace(model.card, scores=model.card.scores | scores)
    partial = model.folder / ".card.part"
    partial.write_text(card.to_json() + "\n")
    partial.replace(model.folder / "card.json")


def resolve(model: str, task: Task, scale: int) -> str:
    """The name of a model: what is named, or for ``auto`` a shipped one whose card fits.

    ``scale`` 0 is 1 for ``enhance`` and 2 for ``sr``.
    """
    wanted = scale or (2 if task == "sr" else 1)
    if model != AUTO:
        return model
    if (task, wanted) == ("enhance", 1):
        return DEFAULT
    for name in shipped():
        card = _card(_wheel() / name)
        if (card.task, card.scale) == (task, wanted):
            return name
    does = "enhances and enlarges" if task == "enhance" else "only enlarges"
    raise OptionError(
        f"No model that {does} by {wanted} ships with this copy of burnish (--task {task} "
        f"--scale {wanted}): give an exported one with --model FOLDER."
    )


def choose(model: str, task: Task, scale: int) -> Model:
    """The model that `resolve` names; one that does not do what is asked is refused."""
    found = find(resolve(model, task, scale))
    if scale and found.card.scale != scale:
        raise OptionError(f"Model '{model}' has scale {found.card.scale}, not {scale}.")
    if task == "sr" and found.card.task != task:
        raise OptionError(f"Model '{model}' changes tone and colour: it is not for --task sr.")
    return found


def _card(folder: Path) -> ModelCard:
    card_file = folder / "card.json"
    try:
        text = card_file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{card_file} cannot be read: {error}") from error
    return ModelCard.from_json(text, str(card_file))


def find(name_or_path: str) -> Model:
    """Look a model up by the name of a shipped one or the path of an exported folder.

    Every file is checked against the hash on the card before anything is loaded.
    """
    folder = _wheel() / name_or_path
    if name_or_path not in shipped():
        folder = Path(name_or_path)
        if not (folder / "card.json").is_file():
            near = difflib.get_close_matches(name_or_path, shipped(), n=1, cutoff=0.3) or shipped()
            raise OptionError(
                f"There is no model '{name_or_path}': it is neither a shipped one "
                f"(did you mean {' or '.join(near) or 'none, as none is shipped'}?) "
                "nor a folder made by `burnish export`."
            )
    card = _card(folder)
    for file, digest in card.hashes.items():
        path = folder / file
        if not path.is_file() or sha256(path) != digest:
            raise ModelError(
                f"{path} is missing or damaged; install burnish again or export it again."
            )
    return Model(folder, card)
