"""Where burnish keeps what it may need again, and what it is in the middle of: one folder each for
each user."""

import os
from pathlib import Path


def cache_folder(part: str) -> Path | None:
    """The folder for ``part`` below ``BURNISH_CACHE``, or where the platform usually keeps caches.

    None for a user without a home: there is no other place that only this user can write to.
    """
    if chosen := os.environ.get("BURNISH_CACHE"):
        return Path(chosen) / part
    found = _own_folder("XDG_CACHE_HOME", ".cache")
    return found and found / part


def state_folder() -> Path | None:
    """The folder for what must outlast a cache; None for a user without a home."""
    return _own_folder("XDG_STATE_HOME", ".local/state")


def _own_folder(variable: str, usual: str) -> Path | None:
    if os.name == "nt":
        variable, usual = ("LOCALAPPDATA", "AppData/Local")
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():  # empty, or against the rule: it would change with the folder
        try:
            base = Path.home() / usual
        except RuntimeError:
            return None
    return base / "burnish"
