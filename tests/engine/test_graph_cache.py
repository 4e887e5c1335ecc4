"""The cache of compiled graphs: found again, and never trusted when damaged."""

import hashlib
from pathlib import Path

import numpy as np

from burnish.engine import graph_cache
from burnish.engine.models import find
from burnish.engine.openvino_backend import OpenVinoBackend
from burnish.engine.statistics import known_size

MODEL = find("nrl")
FOLDER = MODEL.folder
KNOWN = {"known": np.full((1, known_size(MODEL.card)), 0.5, np.float32)}


def run(cache: Path | None) -> np.ndarray:
    return OpenVinoBackend(FOLDER, "f32", threads=1, cache=cache).run("condition", KNOWN)


def test_a_graph_is_compiled_once_sealed_and_found_again(tmp_path: Path) -> None:
    expected = run(None)
    np.testing.assert_array_equal(run(tmp_path), expected)
    (blob,) = tmp_path.rglob("*.blob")
    assert blob.with_name(blob.name + graph_cache.SEAL).is_file()
    before = blob.stat().st_mtime_ns
    np.testing.assert_array_equal(run(tmp_path), expected)
    assert blob.stat().st_mtime_ns == before


def test_damaged_and_unsealed_graphs_are_compiled_again(tmp_path: Path) -> None:
    expected = run(tmp_path)
    (blob,) = tmp_path.rglob("*.blob")
    whole = blob.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-9] + b"x" + whole[-8:], b"\0" * 4096):
        blob.chmod(0o600)
        blob.write_bytes(damaged)
        np.testing.assert_array_equal(run(tmp_path), expected)
        (blob,) = tmp_path.rglob("*.blob")
        # Not compared byte for byte: OpenVINO counts nodes for their names as long as it runs.
        assert blob.read_bytes() != damaged
        mark = blob.with_name(blob.name + graph_cache.SEAL)
        assert mark.read_text() == hashlib.sha256(blob.read_bytes()).hexdigest()
    blob.with_name(blob.name + graph_cache.SEAL).unlink()
    folder = graph_cache.prepare(blob.parent.parent, blob.parent.name)
    assert folder == blob.parent and not blob.exists()


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    np.testing.assert_array_equal(run(file), run(None))


def test_another_graph_version_or_cpu_has_another_folder() -> None:
    keys = {
        graph_cache.digest(*parts) for parts in (("1", "a"), ("1", "b"), ("2", "a"), ("1a", ""))
    }
    assert len(keys) == 4
