"""From two folders to a look, its report and its table."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from burnish.engine.look import load
from burnish.errors import InputError, OptionError, OutputError
from burnish.look import cube, report
from burnish.look.cache import Cache
from burnish.look.fit import predict
from burnish.look.learn import Learned, choose, learn, learn_shots, one_blas_thread
from burnish.look.learn import pairs as read_pairs
from burnish.look.made import LOOKS, make
from burnish.look.match import SetAside
from burnish.look.moments import Moments
from burnish.look.options import LearnOptions
from burnish.look.shots import views
from look.conftest import make_photo, make_shot, s_curve, save

OPTIONS = LearnOptions(base="none", licence="(c) me")


@pytest.fixture(scope="module")
def learned(pairs: Path) -> Learned:
    return learn(pairs / "before", pairs / "after", pairs / "mine.look", OPTIONS)


def test_the_look_does_what_the_pairs_did(pairs: Path, learned: Learned) -> None:
    look = load(pairs / "mine.look")
    assert look.card.pairs == 6 and look.card.name == "mine" and look.card.licence == "(c) me"
    unseen = make_photo(70)
    assert np.abs(look.apply(unseen) - s_curve(unseen)).mean() < 0.02
    figures = look.card.scores["held out"]
    assert figures["look"]["delta_e"] < 0.5 * figures["nothing"]["delta_e"]
    assert learned.finished and "had not seen" in learned.verdict.sentences[0]


def test_what_is_no_pair_is_listed(learned: Learned) -> None:
    reasons = {a.name: a.reason for a in learned.aside}
    assert reasons.keys() == {"broken.jpg", "IMG_50.png"}
    assert "something else" in reasons["IMG_50.png"]


def test_the_report_needs_nothing_else(learned: Learned, tmp_path: Path) -> None:
    report.write(learned, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "http:" not in page and "https:" not in page and "<script" not in page
    for text in ("CIEDE2000", "this look", "IMG_50.png", "<svg", "data:image/jpeg", "had not seen"):
        assert text in page
    assert page.count("<h3>") == 6


def test_a_file_that_exists_stays(pairs: Path, learned: Learned) -> None:
    with pytest.raises(OutputError, match="exists already"):
        learn(pairs / "before", pairs / "after", pairs / "mine.look", OPTIONS)


def test_too_few_pairs(tmp_path: Path) -> None:
    for n in range(3):
        save(make_photo(n), tmp_path / "before" / f"{n}.png")
        save(make_photo(n), tmp_path / "after" / f"{n}.png")
    with pytest.raises(InputError, match="at least 5 pairs; 3 of"):
        learn(tmp_path / "before", tmp_path / "after", tmp_path / "x.look", OPTIONS)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["after", "before"]


def test_hidden_folders_hold_no_pairs(tmp_path: Path) -> None:
    """Thumbnails of file managers have the photos' names and come first."""
    for n in range(5):
        save(make_photo(n), tmp_path / "before" / f"{n}.png")
        save(make_photo(n)[::8, ::8], tmp_path / "before" / ".thumbnails" / f"{n}.png")
        save(s_curve(make_photo(n)).clip(0, 1), tmp_path / "after" / f"{n}.png")
    cache, quiet = Cache(tmp_path / "cache"), lambda what, share: None
    found, aside = read_pairs(tmp_path / "before", tmp_path / "after", cache, quiet)
    assert not aside and all(shot.path.parent.name == "before" for shot in found)


def test_finished_photos_in_a_folder_of_the_others(tmp_path: Path) -> None:
    for n in range(5):
        save(make_photo(n), tmp_path / "all" / f"{n}.png")
        save(s_curve(make_photo(n)).clip(0, 1), tmp_path / "all" / "edited" / f"{n}.png")
    outer, inner = tmp_path / "all", tmp_path / "all" / "edited"
    cache, quiet = Cache(tmp_path / "cache"), lambda what, share: None
    for before, after in ((outer, inner), (inner, outer)):
        found, aside = read_pairs(before, after, cache, quiet)
        assert len(found) == 5 and not aside
        assert all(s.path and s.path.parent == before for s in found)
        assert all(np.abs(s.before - s.after).max() > 0.05 for s in found)
    with pytest.raises(OptionError, match="named twice"):
        learn(inner, outer / "edited" / ".." / "edited", tmp_path / "x.look", OPTIONS)
    assert not list(tmp_path.glob(".x*"))


def test_what_cannot_be_written_is_said(pairs: Path, learned: Learned, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    read: list[str] = []

    def note(what: str, share: float) -> None:
        read.append(what)

    with pytest.raises(OutputError, match="cannot be made a folder: Not a directory"):
        learn(pairs / "before", pairs / "after", tmp_path / "file" / "x.look", OPTIONS, note)
    assert not read  # it is said at once
    for write in (learned.look.save, lambda path: report.write(learned, path)):
        for path in (tmp_path / "file" / "x", tmp_path / "folder"):
            with pytest.raises(OutputError, match="cannot be written"):
                write(path)
    cache = Cache(tmp_path / "cache")
    cache.open()
    (tmp_path / "cache").rmdir()
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        views(pairs / "before", pairs / "after", note, [], cache.view)


def test_ctrl_c_while_measuring_keeps_the_look(pairs: Path, tmp_path: Path) -> None:
    def stop(what: str, share: float) -> None:
        if what.startswith("measuring"):
            raise KeyboardInterrupt

    got = learn(pairs / "before", pairs / "after", tmp_path / "x.look", OPTIONS, stop)
    assert not got.finished and load(tmp_path / "x.look").card.scores == {}
    assert "stopped" in report.page(got)


@pytest.mark.parametrize("network", [False, True])
def test_ctrl_c_while_learning_keeps_the_best_so_far(
    network: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a second search of any kind, and without the figures of another look."""
    shots = [make_shot(n, s_curve) for n in range(5)]
    if network:
        shots = [replace(s, base=s.before) for s in shots]
    said: list[str] = []

    def stop(what: str, share: float) -> None:
        said.append(what)
        if share > 0.1 and not network:
            raise KeyboardInterrupt

    def wider(*arguments: object, use_base: bool = True) -> Moments:
        if use_base:  # between the two searches
            said.append("wider")
            raise KeyboardInterrupt
        return measure(*arguments, use_base=use_base)

    measure = Moments.of
    monkeypatch.setattr("burnish.look.learn.Moments.of", wider)
    got = learn_shots(shots, LearnOptions(name="x"), stop)
    assert set(said) == ({"learning", "wider"} if network else {"learning"})
    assert not got.finished and got.look.card.scores == {} and not got.verdict.sentences
    shot = make_shot(90, s_curve)
    error = np.abs(predict(got.look.parts[0], shot) - shot.after).mean()
    assert error < 0.7 * np.abs(shot.before - shot.after).mean()
    page = report.page(got)
    assert "figures on held-out pairs are missing" in page and "<h2>Shots" not in page


def test_learning_leaves_the_threads_of_blas_as_they_were() -> None:
    """`learn_shots` calls `choose`, each with a limit: the outer one's is undone as well."""

    def threads() -> list[int]:
        return [i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"]

    @one_blas_thread
    def inner() -> list[int]:
        return threads()

    @one_blas_thread
    def outer() -> list[int]:
        return inner()

    with threadpool_limits(2, "blas"):
        before = threads()
        assert set(outer()) == {1} and threads() == before and max(before) == 2


def test_reading_resumes(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    path = save(make_photo(1), tmp_path / "a.png")
    first = cache.view(path)
    kept = path.stat()
    path.write_bytes(b"x" * kept.st_size)  # of the same size and time: it is not read again
    import os

    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert np.array_equal(cache.view(path).pixels, first.pixels)
    os.utime(path, ns=(0, 0))
    with pytest.raises(InputError):
        cache.view(path)


@pytest.mark.skipif(os.name == "nt", reason="names of bytes")
def test_names_that_are_no_text_and_photos_that_cannot_be_reached(tmp_path: Path) -> None:
    photo = save(make_photo(0), tmp_path / "before" / os.fsdecode(b"\xff.png"))
    (tmp_path / "before" / "loop.png").symlink_to("loop.png")
    (tmp_path / "before" / "gone.png").symlink_to("nowhere.png")
    cache = Cache(tmp_path / "cache")
    cache.open()
    for _ in range(2):  # read, then taken from the cache
        aside: list[SetAside] = []
        inner = tmp_path / "before" / "after"
        found = views(tmp_path / "before", inner, lambda what, share: None, aside, cache.view)
        assert [view.path for view in found] == [photo]
        assert [a.name for a in aside] == ["loop.png"]
        assert "loop.png cannot be opened: " in str(aside[0])
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_the_table_is_the_global_part(learned: Learned, tmp_path: Path) -> None:
    cube.write(learned.look, tmp_path / "a.cube")
    lines = (tmp_path / "a.cube").read_text().splitlines()
    assert lines[1] == "LUT_3D_SIZE 33" and len(lines) == 2 + 33**3
    second = np.array([float(v) for v in lines[3].split()])  # red runs fastest
    assert second == pytest.approx(
        cube.colours(learned.look, np.array([[1 / 32, 0, 0]], np.float32))[0], abs=1e-5
    )
    photo = make_photo(71)
    through = cube.apply(cube.table(learned.look), photo)
    assert np.abs(through - s_curve(photo)).mean() < 0.03
    assert learned.look.card.scores["kept by a 33-point table"] > 0.8
    identity = np.stack(np.meshgrid(*[np.linspace(0, 1, 33)] * 3, indexing="ij"), -1)[..., ::-1]
    assert np.abs(cube.apply(identity.reshape(-1, 3), photo) - photo).max() < 1e-6


@pytest.mark.parametrize("name", LOOKS)
def test_made_looks_vary_like_a_hand(name: str) -> None:
    photo = make_photo(3)
    one, again, other = make(name, photo, 0, 1), make(name, photo, 0, 1), make(name, photo, 0, 2)
    for low, high in (one, other):
        assert low.dtype == high.dtype == np.float32
        assert min(low.min(), high.min()) >= 0 and max(low.max(), high.max()) <= 1
        assert np.abs(high - low).mean() > 0.01
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_learning_leaves_the_other_cores_alone() -> None:
    def blas() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    def look_on(what: str, share: float) -> None:
        seen.append(blas())

    seen: list[set[int]] = []
    with threadpool_limits(limits=2, user_api="blas"):
        some = [make_shot(i, s_curve) for i in range(5)]
        learn_shots(some, LearnOptions(name="x"), look_on)
        choose(some, LearnOptions(), lambda share: seen.append(blas()))
        assert blas() == {2}  # as it was
    assert seen and all(threads == {1} for threads in seen)
