"""Where burnish keeps what it may need again: one folder for each user, a part for each kind."""

import os
from pathlib import Path


def cache_folder(part: str) -> Path | None:
    """The folder for ``part`` below ``BURNISH_CACHE``, or where the platform usually keeps caches.

    None for a user without a home: there is no other place that only this user can write to.
    """
    if chosen := os.environ.get("BURNISH_CACHE"):
        return Path(chosen) / part
    variable, usual = ("XDG_CACHE_HOME", ".cache")
    if os.name == "nt":
        variable, usual = ("LOCALAPPDATA", "AppData/Local")
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():  # empty, or against the rule: it would change with the folder
        try:
            base = Path.home() / usual
        except RuntimeError:
            return None
    return base / "burnish" / part
