"""Flags that hold several values."""

from collections.abc import Collection, Iterable
from pathlib import Path

from burnish.errors import OptionError
from burnish.files import is_named
from burnish.image.folder import photos_in


def numbers(text: str, option: str, least: int = 0) -> tuple[int, ...]:
    """``0,1,2`` -> numbers, each once; ``option`` names the flag that they are for."""
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise OptionError(f"{option} wants numbers with commas between, not '{text}'.") from None
    if min(found) < least:
        raise OptionError(f"{option} wants numbers from {least} on, not {min(found)}.")
    return found


def names(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Names with commas between; one that is ``known`` may hold commas itself: ``inputs d,b``."""
    found, parts = [], text.split(",")
    while parts:
        fits = (n for n in range(len(parts), 1, -1) if ",".join(parts[:n]) in known)
        count = next(fits, 1)
        found.append(",".join(parts[:count]))
        del parts[:count]
    return tuple(found)


def folders(items: list[str], option: str) -> dict[str, Path]:
    """NAME=FOLDER items -> folders by name."""
    found = {}
    for item in items:
        name, _, folder = item.partition("=")
        if not (name and folder):
            raise OptionError(f"{option} wants NAME=FOLDER, not '{item}'.")
        if name in found:
            raise OptionError(f"{option} names two folders '{name}': give them other names.")
        found[name] = Path(folder)
    return found


def left_out(names: Iterable[str]) -> tuple[str, ...]:
    """Names of photos, those of a list file in the place of @FILE."""
    found: list[str] = []
    for name in names:
        if not name.startswith("@"):
            found.append(name)
            continue
        found += [line.split("\t")[0] for line in lines_of(Path(name[1:]))]
    return tuple(found)


def refuse_unknown(names: Iterable[str], folders: Iterable[Path]) -> None:
    """OptionError for a name to leave out that no photo has; those of a @FILE may be gone."""
    folders = tuple(folders)
    paths = [path for folder in folders for path in photos_in(folder)]
    for name in names:
        if not name.startswith("@") and not any(is_named(path, (name,)) for path in paths):
            where = ", ".join(map(str, folders))
            raise OptionError(f"--exclude {name}: no photo of that name in {where}.")


def lines_of(path: Path) -> list[str]:
    """The lines of a list file, but for empty ones."""
    try:
        text = path.read_text("utf-8", errors="surrogateescape")
    except OSError as error:
        raise OptionError(f"{path} cannot be read: {error.strerror}.") from error
    return [line for line in text.split("\n") if line.strip()]
