"""Fine-tuning the network on pairs: it learns, trains what it says, and keeps what was better."""

from pathlib import Path

import numpy as np
import pytest
import torch

from burnish import checkpoint
from burnish.engine.models import DEFAULT, find
from burnish.errors import OptionError
from burnish.look import finetune
from burnish.look.finetune import methods, train
from burnish.look.shots import Shot
from burnish.train.apply import method
from look.conftest import make_shot
from tiny import tiny_weights

UNSEEN = range(100, 104)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """Tiny steps only wait for one another on several."""
    torch.set_num_threads(1)


def darker(x: np.ndarray) -> np.ndarray:
    """A tone curve that no photo is made by already."""
    out: np.ndarray = 0.8 * x**1.3
    return out


def start() -> Path:
    return Path(tiny_weights()) / "weights.safetensors"


def error(weights: Path, shots: list[Shot]) -> float:
    enhance = method(weights)
    return float(np.mean([np.abs(enhance(s.before) - s.after).mean() for s in shots]))


@pytest.mark.parametrize("way", finetune.TUNINGS)
def test_unseen_photos_come_closer_to_the_finish(way: str, tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(8)]
    unseen = [make_shot(n, darker) for n in UNSEEN]
    best = train(shots, way, tmp_path, start(), budget=0.6)
    nothing = float(np.mean([np.abs(s.before - s.after).mean() for s in unseen]))
    assert error(best, unseen) < 0.5 * min(nothing, error(start(), unseen))


def test_the_map_alone_leaves_all_else_as_it_was(tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(6)]
    before, _ = checkpoint.load_weights(start())
    for way, more in (("map", False), ("all", True)):
        after, _ = checkpoint.load_weights(train(shots, way, tmp_path / way, start(), budget=0.06))
        changed = {k for k in before if not torch.equal(before[k], after[k])}
        assert any(k.startswith("map.") for k in changed)
        assert any(not k.startswith("map.") for k in changed) == more


def test_of_the_default_network_penet_and_gate_are_the_map(tmp_path: Path) -> None:
    weights = find(DEFAULT).folder / "weights.safetensors"
    shots = [make_shot(n, darker) for n in range(6)]
    before, after = (
        checkpoint.load_weights(w)[0]
        for w in (weights, train(shots, "map", tmp_path, weights, budget=0.1))
    )
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert {k.split(".")[0] for k in changed} == {"penet", "gate"}


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(6)]
    files = [
        train(shots, "map", tmp_path / name, start(), seed, budget=0.06)
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    a, b, c = (checkpoint.load_weights(f)[0]["map.j2.weight"] for f in files)
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_what_held_out_pairs_do_not_like_is_not_kept(tmp_path: Path) -> None:
    """The pair that judges is left as it is, where the others are turned to negatives."""
    judge = np.random.default_rng(0).permutation(6)[0]
    shots = [make_shot(n, (lambda x: x) if n == judge else (lambda x: 1 - x)) for n in range(6)]
    assert train(shots, "map", tmp_path, start(), seed=0, budget=0.3) == start()


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(OptionError, match="choose map, all"):
        methods(["map", "head"], "nrl", 0, 1.0)
