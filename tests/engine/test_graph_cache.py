"""The cache of compiled graphs: found again, and never trusted when damaged."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from burnish.engine import graph_cache
from burnish.engine.models import find
from burnish.engine.openvino_backend import OpenVinoBackend
from burnish.engine.statistics import known_size

MODEL = find("nrl")
FOLDER = MODEL.folder
KNOWN = {"known": np.full((1, known_size(MODEL.card)), 0.5, np.float32)}


def run(cache: Path | str | None) -> np.ndarray:
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


def test_a_seal_of_nonsense_is_no_seal(tmp_path: Path) -> None:
    blob = tmp_path / "key" / "1.blob"
    blob.parent.mkdir()
    blob.write_bytes(b"graph")
    graph_cache.seal(blob.parent)
    assert graph_cache.prepare(tmp_path, "key") == blob.parent and blob.exists()
    blob.with_name(blob.name + graph_cache.SEAL).write_bytes(b"\xff\xfe\0garbage")
    assert graph_cache.prepare(tmp_path, "key") == blob.parent and not blob.exists()


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("BURNISH_CACHE")
    monkeypatch.setattr("os.name", "posix")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    usual = tmp_path / "me" / ".cache" / "burnish" / "openvino"
    for relative in ("", "here"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert graph_cache.default_cache() == usual
    monkeypatch.setattr(Path, "home", no_home)
    assert graph_cache.default_cache() is None
    np.testing.assert_array_equal(run("default"), run(None))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert graph_cache.default_cache() == tmp_path / "burnish" / "openvino"


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    np.testing.assert_array_equal(run(file), run(None))


def test_another_graph_version_or_cpu_has_another_folder() -> None:
    keys = {
        graph_cache.digest(*parts) for parts in (("1", "a"), ("1", "b"), ("2", "a"), ("1a", ""))
    }
    assert len(keys) == 4
