"""Fine-tuning the network on pairs: it learns, trains what it says, and keeps what was better."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from burnish import checkpoint
from burnish.engine.models import DEFAULT, find
from burnish.errors import OptionError
from burnish.look.adapters import ColourFirst, LowRank
from burnish.look.finetune import methods, train
from burnish.look.shots import Shot
from burnish.nets.net import Net
from burnish.nets.zoo import build
from burnish.train.apply import method_of
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


def weights_of(file: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load_weights(file)[0]


def changed(net: Net, file: Path, prefix: str = "") -> set[str]:
    """Names of the file's weights that are others in the network."""
    now = net.state_dict()
    return {k for k, v in weights_of(file).items() if not torch.equal(v, now[prefix + k])}


def error(net: Net, shots: list[Shot]) -> float:
    enhance = method_of(net)
    return float(np.mean([np.abs(enhance(s.before) - s.after).mean() for s in shots]))


@pytest.mark.parametrize("way", ["map", "all", "low-rank", "colour"])
def test_unseen_photos_come_closer_to_the_finish(way: str, tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(8)]
    unseen = [make_shot(n, darker) for n in UNSEEN]
    best = train(shots, way, tmp_path, start(), budget=0.6)
    nothing = float(np.mean([np.abs(s.before - s.after).mean() for s in unseen]))
    as_it_was = checkpoint.load(start())[0]
    assert error(best, unseen) < 0.5 * min(nothing, error(as_it_was, unseen))


@pytest.mark.parametrize(
    ("way", "inside", "outside"),
    [("map", "map.", False), ("all", "map.", True), ("attention", "recursive.attention.", False)],
)
def test_a_way_trains_what_it_says(way: str, inside: str, outside: bool, tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(6)]
    names = changed(train(shots, way, tmp_path, start(), budget=0.06), start())
    assert any(name.startswith(inside) for name in names)
    assert any(not name.startswith(inside) for name in names) == outside


def test_of_the_default_network_penet_and_gate_are_the_map(tmp_path: Path) -> None:
    weights = find(DEFAULT).folder / "weights.safetensors"
    shots = [make_shot(n, darker) for n in range(6)]
    names = changed(train(shots, "map", tmp_path, weights, budget=0.1), weights)
    assert {name.split(".")[0] for name in names} == {"penet", "gate"}


@pytest.mark.parametrize("way", ["low-rank", "colour"])
def test_what_stands_around_trains_alone(way: str, tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(6)]
    net = train(shots, way, tmp_path, start(), budget=0.3)
    assert not changed(net, start(), "net.")
    picture = torch.from_numpy(shots[0].before.transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        assert (net(picture) - checkpoint.load(start())[0](picture)).abs().max() > 0.01


@pytest.mark.parametrize("around", [LowRank, ColourFirst])
def test_untrained_it_is_the_network_itself(around: Callable[[Net], Net]) -> None:
    net = checkpoint.load(start())[0]
    x, sample = torch.rand(2, 3, 24, 17), torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        assert torch.allclose(around(net)(x, sample=sample), net(x, sample=sample), atol=1e-5)


@pytest.mark.parametrize("rank", [1, 4])
def test_low_rank_changes_have_that_rank_and_size(rank: int) -> None:
    net = build("tone")
    changes = LowRank(net, rank)
    torch.nn.init.normal_(changes.b[0])
    conv = net.shallow.weight  # 64 outputs, 3x3 of 3 channels
    update = changes.weights()["shallow.weight"] - conv
    assert int(torch.linalg.matrix_rank(update.detach().flatten(1), rtol=1e-4)) == rank
    assert changes.b[0].numel() + changes.a[0].numel() == rank * (64 + 27)
    matrices = [w.flatten(1).shape for w in net.parameters() if w.dim() > 1]
    numbers = sum(w.numel() for w in (*changes.a, *changes.b))
    assert numbers == sum(min(rank, *shape) * sum(shape) for shape in matrices)


def test_the_colour_in_front_is_a_polynomial_of_what_the_gate_is_told_as_well() -> None:
    front = ColourFirst(checkpoint.load(start())[0])
    rng = np.random.default_rng(0)
    front.colour.data += torch.from_numpy(rng.normal(0, 0.05, (3, 10)).astype(np.float32))
    assert sum(p.numel() for n, p in front.named_parameters() if not n.startswith("net.")) == 30
    x, sample = torch.rand(1, 3, 24, 17), torch.rand(1, 3, 8, 8)

    def by_hand(picture: torch.Tensor) -> torch.Tensor:
        r, g, b = picture[0].numpy()
        one = np.ones_like(r)
        terms = np.stack([r, g, b, r * r, g * g, b * b, r * g, r * b, g * b, one])
        out = np.tensordot(front.colour.detach().numpy(), terms, axes=1)
        return torch.from_numpy(out[None].astype(np.float32))

    with torch.no_grad():
        expected = front.net(by_hand(x), sample=by_hand(sample))
        assert torch.allclose(front(x, sample=sample), expected, atol=1e-5)


@pytest.mark.parametrize("way", ["map", "low-rank"])
def test_the_same_seed_gives_the_same_weights(way: str, tmp_path: Path) -> None:
    shots = [make_shot(n, darker) for n in range(6)]
    a, b, c = (
        train(shots, way, tmp_path / name, start(), seed, budget=0.06).state_dict()
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert any(not torch.equal(a[k], c[k]) for k in a)


@pytest.mark.parametrize("way", ["map", "colour"])
def test_what_held_out_pairs_do_not_like_is_not_kept(way: str, tmp_path: Path) -> None:
    """The pair that judges is left as it is, where the others are turned to negatives."""
    judge = np.random.default_rng(0).permutation(6)[0]
    shots = [make_shot(n, (lambda x: x) if n == judge else (lambda x: 1 - x)) for n in range(6)]
    assert not changed(train(shots, way, tmp_path, start(), seed=0, budget=0.3), start())


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="choose map, all, attention, low-rank, colour"):
        methods(["map", "head"], "nrl", 0, 1.0)
    with pytest.raises(OptionError, match="The model 'tone' has no attention to train"):
        methods(["all", "attention"], "tone", 0, 1.0)
    assert list(methods(["attention"], "nrl", 0, 1.0)) == ["attention tuned"]
