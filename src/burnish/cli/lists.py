"""Flags that hold several values."""

from pathlib import Path

from burnish.errors import OptionError


def numbers(text: str, option: str) -> tuple[int, ...]:
    """``0,1,2`` -> numbers, each once; ``option`` names the flag that they are for."""
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise OptionError(f"{option} wants numbers with commas between, not '{text}'.") from None


def folders(items: list[str], option: str) -> dict[str, Path]:
    """NAME=FOLDER items -> folders by name."""
    found = {}
    for item in items:
        name, _, folder = item.partition("=")
        if not folder:
            raise OptionError(f"{option} wants NAME=FOLDER, not '{item}'.")
        found[name] = Path(folder)
    return found
