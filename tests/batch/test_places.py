"""URLs as places of photos: names, listing, whole files, and what is refused."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from burnish.batch import places
from burnish.batch.places import Url, is_url, place
from burnish.batch.url_plan import Unfinished, among_photos, open_manifest, plan_places
from burnish.errors import InputError, MissingExtraError, OptionError, OutputError
from burnish.image.photo import Photo
from burnish.image.write import write

from .s3 import BUCKET, s3_server

pytest.importorskip("fsspec", reason="needs the extra ray or s3")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3_server():
        yield BUCKET


def make(path: Path, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 255, (20, 30, 3), np.uint8)
    write(Photo.from_array(pixels), path, overwrite=True)
    return path


def test_a_url_has_the_manners_of_a_path() -> None:
    url = place("s3://bucket/a b/c.jpg")
    assert is_url(url) and str(url) == "s3://bucket/a b/c.jpg" == str(url.absolute())
    assert (url.name, url.suffix, url.stem) == ("c.jpg", ".jpg", "c")
    assert str(url.parent / "d.png") == "s3://bucket/a b/d.png"
    assert str(url.with_name("e.tif")) == "s3://bucket/a b/e.tif"
    assert Url("s3://bucket/a") == place(Path("s3://bucket/a"))  # as typer hands it over


@pytest.mark.parametrize("text", ["a.jpg", "/a/b", "a:b/c", "./s3:/x", "C:\\photos", "a b"])
def test_what_is_no_url_is_a_path(text: str) -> None:
    assert not is_url(place(text)) and place(text) == Path(text)


def test_file_urls_are_paths() -> None:
    assert place("file:///a/b.jpg") == Path("/a/b.jpg") == place(Path("file:///a/b.jpg"))


def test_a_file_goes_there_and_back_and_is_listed(bucket: str, tmp_path: Path) -> None:
    photo, target = make(tmp_path / "a.png"), place(f"{bucket}/there/x/a.png")
    assert places.stamp(target) == ""
    places.store(photo, target)
    places.store(photo, place(f"{bucket}/there/.hidden/b.png"))
    assert places.fetch(target, tmp_path / "..").read_bytes() == photo.read_bytes()
    (entry,) = places.listing(place(f"{bucket}/there"))
    assert entry == ("x/a.png", places.stamp(target)) and entry[1]
    assert list(places.listing(place(f"{bucket}/nothing"))) == []
    places.store(make(tmp_path / "c.png", 1), target)
    assert places.stamp(target) not in ("", entry[1])
    with pytest.raises(InputError, match=r"s3://photos/no\.png does not exist"):
        places.fetch(place(f"{bucket}/no.png"), tmp_path)
    with pytest.raises(OutputError, match=r"s3://no-such-bucket/a\.png cannot be written"):
        places.store(photo, place("s3://no-such-bucket/a.png"))


def test_other_file_systems_get_the_file_whole_too(tmp_path: Path) -> None:
    """By another name first; the local file system stands for them, by way of fsspec."""
    photo = make(tmp_path / "a.png")
    places.store(photo, tmp_path / "new" / "b.png")
    assert (tmp_path / "new" / "b.png").read_bytes() == photo.read_bytes()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["b.png"]


def test_the_plan_of_a_bucket(bucket: str, tmp_path: Path) -> None:
    root = f"{bucket}/plan"
    for name in ("b.png", "x/a.JPG", "x/raw.cr2", "notes.txt", ".h/c.png", "out/b.png"):
        places.store(make(tmp_path / "a.png"), place(f"{root}/{name}"))
    plan = plan_places(place(root), place(f"{root}/out"))
    assert {str(job.source): str(job.target) for job in plan.jobs} == {
        f"{root}/b.png": f"{root}/out/b.png",
        f"{root}/x/a.JPG": f"{root}/out/x/a.JPG",
        f"{root}/x/raw.cr2": f"{root}/out/x/raw.jpg",
    }
    first = plan.jobs[0]
    assert plan.stamp(first.source) == places.stamp(first.source) == plan.stamp(first.target) != ""
    assert plan.stamp(plan.jobs[1].target) == ""
    assert plan.digest(first.source) == plan.digest(tmp_path / "a.png") != ""
    local = plan_places(place(root), tmp_path / "out", format="png", name="{name}-new")
    assert str(local.jobs[0].target) == str(tmp_path / "out" / "b-new.png")
    there = plan_places(tmp_path, place(f"{root}/new"))
    assert str(there.jobs[0].target) == f"{root}/new/a.png"
    places.store(make(tmp_path / "a.png"), place(f"{root}/x/raw.jpg"))
    with pytest.raises(OutputError, match=r"would both become s3://photos/plan/out/x/raw\.jpg"):
        plan_places(place(root), place(f"{root}/out"))
    with pytest.raises(OutputError, match="is the input too"):
        plan_places(place(root), place(root))
    places.store(make(tmp_path / "a.png"), place(f"{root}/y/d.png"))
    places.store(make(tmp_path / "a.png"), place(f"{root}/y/y/d.png"))
    with pytest.raises(OutputError, match=r"plan/y/d\.png is an original"):
        plan_places(place(f"{root}/y"), place(f"{root}"))
    with pytest.raises(InputError, match="no photos in"):
        plan_places(place(f"{root}/void"), tmp_path)


def test_results_inside_a_bucket_of_photos(bucket: str, tmp_path: Path) -> None:
    root = f"{bucket}/among"
    for name in (
        "a.png",
        "mine/a.png",
        "x/b.png",
        "x/theirs/c.png",
        "x/theirs/.burnish/unfinished",
    ):
        places.store(make(tmp_path / "a.png"), place(f"{root}/{name}"))
    for out in (f"{root}/mine", f"{root}/mine/", f"s3a://{root.removeprefix('s3://')}/mine"):
        plan = plan_places(place(root), place(out))
        assert [str(job.source) for job in plan.jobs] == [f"{root}/a.png", f"{root}/x/b.png"]
        assert among_photos(place(root), place(out))
    for source, out in ((root, f"{bucket}/amongst"), (f"{root}/x", root), (tmp_path, root)):
        assert not among_photos(place(source), place(out))
    assert among_photos(tmp_path, tmp_path / "out")
    with pytest.raises(OutputError, match="is the input too"):
        plan_places(place(root), place(f"s3a://{root.removeprefix('s3://')}/"))


def test_a_manifest_goes_with_the_outputs_from_machine_to_machine(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from burnish.batch.manifest import Entry

    out = place(f"{bucket}/kept")
    entry = Entry("a.png", "s3://in/a.png", "1", "2", "3", "done")
    for machine in ("one", "two"):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / machine))
        with open_manifest(out) as manifest:
            assert manifest.get("a.png") == (entry if machine == "two" else None)
            manifest.put(entry)
    mark = Unfinished(out)
    assert not mark
    mark.set()
    assert mark and list(places.listing(out)) == []
    mark.clear()
    assert not mark


def test_what_is_not_installed_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="nosuch://x/y cannot be used"):
        places.stamp(place("nosuch://x/y"))
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MissingExtraError, match=r"burnish\[gcs\]"):
        places.stamp(place("gs://x/y"))
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"burnish\[ray\]"):
        places.stamp(place("s3://x/y"))
