"""A look as a graph: what it makes of photos of other sizes is what the engine makes of them."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from burnish.engine import look as looks
from burnish.engine.look_card import LookCard
from burnish.engine.look_facts import Facts
from burnish.engine.look_features import GROUPS, NETWORKED, TABLED
from burnish.engine.look_form import form
from burnish.errors import ModelError, OutputError
from burnish.look import graph
from burnish.look.graph_features import FEATURES
from burnish.look.graph_inputs import inputs
from look.conftest import make_photo


def look(seed: int, groups: tuple[str, ...] = tuple(GROUPS)) -> looks.Look:
    """Small random weights, and the facts of a made photo."""
    rng = np.random.default_rng(seed)
    facts = Facts.of(make_photo(seed))
    s = facts.statistics()
    weights = {g: (0.02 * rng.standard_normal(form(g))).astype(np.float32) for g in groups}
    part = looks.Part(
        weights, facts.vector, facts.vector, np.stack([s, 0 * s + 0.1, s - 0.5, s + 0.5])
    )
    based = {"base": "tiny", "base_hash": "x"} if set(groups) & set(NETWORKED) else {}
    return looks.Look((part,), LookCard(f"look {seed}", **based))


def test_every_feature_has_its_words() -> None:
    assert FEATURES.keys() == GROUPS.keys() - set(TABLED)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[looks.Look, Path]:
    """A blend of two looks with every group, as a graph."""
    both = looks.blend([look(1), look(2)], [0.6, 0.4], "both")
    path = tmp_path_factory.mktemp("graphs") / "both.onnx"
    assert graph.write(both, path) < graph.TOLERANCE
    assert [p.name for p in path.parent.iterdir()] == ["both.onnx"]
    return both, path


@pytest.mark.parametrize("size", [(41, 57), (300, 271)])
def test_another_runtime_makes_what_the_engine_makes(
    written: tuple[looks.Look, Path], size: tuple[int, int]
) -> None:
    both, path = written
    photo = make_photo(5, *size)
    told = inputs(both, photo, photo**2)
    session = onnxruntime.InferenceSession(str(path))
    assert [i.name for i in session.get_inputs()] == list(told)
    got = session.run(None, told)[0][0].transpose(1, 2, 0)
    wanted = both.apply(photo, photo**2)
    assert np.abs(wanted - photo).max() > 0.02
    assert np.abs(got - wanted).max() < graph.TOLERANCE


def test_a_look_without_network_wants_no_base(tmp_path: Path) -> None:
    plain = look(3, ("linear", "tones", "position"))
    graph.write(plain, tmp_path / "a.onnx")
    photo = make_photo(6, 35, 50)
    told = inputs(plain, photo)
    session = onnxruntime.InferenceSession(str(tmp_path / "a.onnx"))
    names = {i.name for i in session.get_inputs()}
    assert "base" not in names
    got = session.run(None, {k: v for k, v in told.items() if k in names})[0][0]
    assert np.abs(got.transpose(1, 2, 0) - plain.apply(photo)).max() < graph.TOLERANCE


def test_what_differs_is_not_written(
    written: tuple[looks.Look, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, path = written
    with pytest.raises(OutputError, match="exists already"):
        graph.write(both, path)

    def copy(*arguments: object) -> None:
        to = arguments[-1]
        assert isinstance(to, Path)
        to.write_bytes(path.read_bytes())

    monkeypatch.setattr(graph, "write_graph", copy)
    monkeypatch.setattr(graph, "TOLERANCE", -1)
    with pytest.raises(ModelError, match="not written"):
        graph.write(both, tmp_path / "b.onnx")
    assert not list(tmp_path.iterdir())
