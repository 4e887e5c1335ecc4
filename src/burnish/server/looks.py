"""Looks that clients may choose, by ids of ours: those of the operator's folder, and learned ones.

A client never names a file. Looks of the operator are listed for everybody; a look that was learned
here is known only to whoever has its id, which cannot be guessed, as with photos.
"""

import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from burnish.engine import look
from burnish.engine.chosen import base_of
from burnish.engine.look_card import LookCard
from burnish.engine.models import AUTO, DEFAULT, PLUS, anywhere, find, resolve
from burnish.errors import OptionError
from burnish.server.limits import Limits
from burnish.server.refusals import NotReady, NotThere

SUFFIX = ".look"
NONE = "none"
"""The id of no look: the model decides."""


@dataclass(eq=False)
class Known:
    """A look file that the service knows; a learned one has a folder of its own, and a report."""

    id: str
    path: Path
    card: LookCard
    report: Path | None = None
    folder: Path | None = None
    bytes: int = 0
    touched: float = field(default_factory=time.monotonic)
    base: str = ""
    """What `find` knows the network by that it starts from; empty where its card's name will do."""


class Looks:
    """All looks by id. Those of the operator are checked at the start, and stay."""

    def __init__(self, limits: Limits, folder: Path | None, own: str, model: str = DEFAULT) -> None:
        """``own`` is the look that holds where a client does not choose, ``model`` the model."""
        self.limits = limits
        named = find(model)
        self.model = named.steps[0] if named.steps else named
        self.known: dict[str, Known] = {}
        self.lock = threading.Lock()
        self.default = NONE
        if own:
            self.default = self.take_in(Path(own)).id
        if folder is None:
            return
        if not folder.is_dir():
            raise OptionError(f"There is no folder {folder} of looks.")
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            if not own or not path.samefile(own):
                self.take_in(path)

    def take_in(self, path: Path) -> Known:
        """One of the operator's looks, under an id made of its file's name."""
        found = look.load(path)
        base = base_of(found, self.model)
        plain = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-")[:40] or "look"
        id, number = plain, 1
        while id in self.known or id == NONE:
            number += 1
            id = f"{plain}-{number}"
        known = self.known[id] = Known(id, path, found.card)
        if base is self.model:
            known.base = anywhere(str(base.folder))
        return known

    def new_id(self) -> str:
        return secrets.token_urlsafe(16)

    def add(self, known: Known) -> None:
        """A look that was learned here."""
        with self.lock:
            self.known[known.id] = known

    def get(self, id: str) -> Known:
        known = self.known.get(id)
        if known is None:
            raise NotThere(f"There is no look '{id}' here, or no longer.")
        known.touched = time.monotonic()
        return known

    def path(self, id: str) -> str:
        """The file of a look as an option of the engine; empty for no look."""
        return "" if id == NONE else str(self.get(id).path)

    def model_for(self, id: str, model: str) -> str:
        """The model that goes with a look, where a client has named one.

        It takes the place of what retouches; one that starts from the service's own network gets
        that. A model that enlarges and retouches at once gives way to one that only enlarges.
        """
        if id == NONE:
            return model
        found, base = find(model), self.get(id).base
        if found.card.scale == 1:
            return base or model
        second = model.rpartition(PLUS)[2]
        if not found.steps and found.card.task != "sr":  # it enlarges and retouches at once
            second = resolve(AUTO, "sr", found.card.scale)
        return f"{base or DEFAULT}{PLUS}{second}"

    def listed(self) -> list[Known]:
        """Those of the operator."""
        return [known for known in list(self.known.values()) if known.folder is None]

    def delete(self, known: Known) -> int:
        """Delete a learned look: how many bytes went."""
        if known.folder is None:
            raise NotReady("This look came with the service and stays.")
        with self.lock:
            gone = self.known.pop(known.id, None)
        shutil.rmtree(known.folder, ignore_errors=True)
        return known.bytes if gone else 0

    def expired(self) -> list[Known]:
        """Learned looks that nothing has asked for in a long time."""
        before = time.monotonic() - self.limits.keep_seconds
        return [k for k in list(self.known.values()) if k.folder and k.touched < before]
