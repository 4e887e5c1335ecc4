"""Look: a personal look learned from pairs, applied to photos of any size with numpy alone.

    y = x + sum over groups of features(x, place, surroundings, photo) @ weights(photo)

See `look_features` for the groups. A look is measured against the whole photo once (`Facts`,
`Maps`); then every strip of rows is independent of the others.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as dumped

from burnish.engine.look_card import LookCard
from burnish.engine.look_facts import Facts
from burnish.engine.look_features import (
    ADAPTIVE,
    GROUPS,
    NETWORKED,
    TABLED,
    Strip,
    looked_up,
    tabled,
)
from burnish.engine.look_form import VECTORS, WEIGHTS, split
from burnish.engine.look_maps import Place
from burnish.engine.models import Model
from burnish.errors import ModelError, OptionError
from burnish.files import is_file, unreachable, whole
from burnish.image.photo import strips

CARD_KEY = "burnish.look"


@dataclass(frozen=True)
class Part:
    """One learned look: weights by group, and the photos that they refer to."""

    weights: Mapping[str, np.ndarray]
    """(k,3) float32, for the adaptive group (k,STATISTICS,3); absent groups do nothing."""
    target: np.ndarray
    """(LENGTH,) facts of the average finished photo."""
    typical: np.ndarray
    """(LENGTH,) facts of the average photo before."""
    statistics: np.ndarray
    """(4,STATISTICS) of the photos before: mean, deviation, least, most."""

    def standing(self, facts: Facts) -> np.ndarray:
        """(STATISTICS,) where a photo stands among those learned from; none stands beyond them."""
        mean, deviation, least, most = self.statistics
        result: np.ndarray = (np.clip(facts.statistics(), least, most) - mean) / (deviation + 1e-3)
        return result

    def change(self, strip: Strip) -> np.ndarray:
        """(n,3) what to add to the strip's pixels."""
        total = np.zeros((len(strip.x), 3), np.float32)
        if any(group in self.weights for group in TABLED):
            total += looked_up(strip, tabled(self.weights, strip.facts, strip.target))
        for group, weights in self.weights.items():
            if group in TABLED:
                continue
            chosen = weights
            if group == ADAPTIVE:
                chosen = np.einsum("ksc,s->kc", weights, self.standing(strip.facts))
            total += GROUPS[group](strip) @ chosen.astype(np.float32)
        return total


@dataclass(frozen=True)
class Look:
    """One look, or a blend of several."""

    parts: tuple[Part, ...]
    card: LookCard

    def facts(self, pixels: np.ndarray) -> np.ndarray:
        """(LENGTH,) what the look wants to know of the whole photo."""
        return Facts.of(pixels).vector

    def apply(
        self,
        pixels: np.ndarray,
        base: np.ndarray | None = None,
        facts: np.ndarray | None = None,
        strength: float = 1.0,
        progress: Callable[[float], None] = lambda share: None,
        place: Place | None = None,
    ) -> np.ndarray:
        """(H,W,3) float32 RGB in [0,1] -> the same.

        ``base`` is the base network's result, for looks that have one; ``facts`` those of the
        photo that this one is judged by, if not itself; ``place`` is where these pixels lie in the
        photo that they are a part of, if they are one.
        """
        height, width = pixels.shape[:2]
        place = place or Place.whole(pixels)
        known = Facts(self.facts(pixels) if facts is None else facts)
        out = np.empty_like(pixels)
        for rows in strips(height, width):
            x = pixels[rows].reshape(-1, 3)
            strip = Strip(
                x,
                *place.of(rows, width),
                known,
                known,
                None if base is None else base[rows].reshape(-1, 3),
            )
            y = x + np.float32(strength) * self.change(strip)
            y = np.where(np.isfinite(y), y, x)
            np.clip(y.reshape(-1, width, 3), 0, 1, out=out[rows])
            progress(rows.stop / height)
        return out

    def change(self, strip: Strip) -> np.ndarray:
        """(n,3) what to add to the strip's pixels; each part has its own idea of finished."""
        shares = zip(self.card.shares, self.parts, strict=True)
        total = sum(
            np.float32(share) * (np.clip(strip.x + part.change(_for(strip, part)), 0, 1) - strip.x)
            for share, part in shares
        )
        assert isinstance(total, np.ndarray)
        return total

    def starts_from(self, model: Model) -> bool:
        """Whether the model is the one that the look was learned with."""
        return model_hash(model) == self.card.base_hash

    def check_base(self, model: Model) -> None:
        """ModelError unless it starts from this model."""
        if not self.starts_from(model):
            raise ModelError(
                f"The look '{self.card.name}' was learned with another version of the network "
                f"'{self.card.base}': name that version's folder with --model FOLDER, or learn it "
                "again."
            )

    def save(self, path: Path) -> None:
        """One safetensors file with the card in its header, whole or not at all."""
        tensors: dict[str, np.ndarray] = {}
        for number, part in enumerate(self.parts):
            named = {f"{WEIGHTS}{k}": v for k, v in part.weights.items()}
            named |= {n: getattr(part, n) for n in VECTORS}
            tensors |= {f"{number}.{k}": np.ascontiguousarray(v) for k, v in named.items()}
        with whole(path) as partial:  # by itself safetensors leaves the user's umask aside
            partial.write_bytes(dumped(tensors, metadata={CARD_KEY: self.card.to_json()}))


def _for(strip: Strip, part: Part) -> Strip:
    return replace(strip, target=Facts(part.target))


def model_hash(model: Model) -> str:
    """One hash for all of a model's files."""
    joined = "".join(f"{name}{digest}" for name, digest in sorted(model.card.hashes.items()))
    return hashlib.sha256(joined.encode()).hexdigest()


def load(path: Path | str) -> Look:
    """Read what `Look.save` wrote; a missing, damaged or foreign file is an error that says so."""
    path = Path(path)
    if why := unreachable(path):
        raise OptionError(f"The look {path} cannot be read: {why}.")
    if not is_file(path):
        raise OptionError(f"There is no look at {path}; `burnish learn` makes one.")
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
            if CARD_KEY not in header:
                raise ModelError(f"{path} is a safetensors file, but not a look.")
            card = LookCard.from_json(header[CARD_KEY], str(path))
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError, TypeError) as error:  # TypeError: numpy has no such numbers
        raise ModelError(f"{path} cannot be read as a look: {error}") from error
    try:
        split_up = [split(tensors, number) for number in range(len(card.shares))]
    except (KeyError, ValueError) as error:
        raise ModelError(f"{path} is damaged: {error} is missing or of a wrong form.") from error
    if not card.base and any(g in weights for weights, _ in split_up for g in NETWORKED):
        raise ModelError(f"{path} is damaged: it starts from a network, and its card names none.")
    return Look(tuple(Part(weights, **vectors) for weights, vectors in split_up), card)


def blend(looks: list[Look], shares: list[float], name: str) -> Look:
    """One look that does this much of each: shares of 0.5 and 0.5 are halfway between two."""
    bases = {look.card.base: look.card.base_hash for look in looks if look.card.base}
    if len(bases) > 1:
        raise OptionError(f"Looks with different base networks ({', '.join(bases)}) do not blend.")
    base, digest = next(iter(bases.items()), ("", ""))
    for look in looks:
        if look.card.base and look.card.base_hash != digest:
            raise OptionError("These looks were learned with different versions of their network.")
    parts = tuple(part for look in looks for part in look.parts)
    each = zip(looks, shares, strict=True)
    card = LookCard(
        name,
        base,
        digest,
        tuple(share * inner for look, share in each for inner in look.card.shares),
        sum(look.card.pairs for look in looks),
        "; ".join(dict.fromkeys(look.card.licence for look in looks if look.card.licence)),
        {"blend of": [look.card.name for look in looks]},
    )
    return Look(parts, card)
