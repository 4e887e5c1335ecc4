"""What goes in, where it comes out, and what is refused before anything is done."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from burnish.batch.plan import plan
from burnish.errors import InputError, MissingExtraError, OptionError, OutputError
from burnish.image.photo import Photo
from burnish.image.write import write


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(name: str, size: tuple[int, int] = (4, 5)) -> Path:
    path = Path(name)
    write(Photo.from_array(np.zeros(size, np.uint8)), path)
    return path


def targets(*inputs: str, out: str = "out", format: str | None = None) -> dict[str, str]:
    jobs = plan([Path(name) for name in inputs], Path(out), format=format)
    return {job.source.as_posix(): job.target.as_posix() for job in jobs}


def test_folders_are_walked_and_hidden_files_left(root: Path) -> None:
    for name in ("in/b.png", "in/a.png", "in/x/y/c.png", "in/.h/d.png", "in/.e.png"):
        make(name)
    Path("in/readme.txt").write_text("no photo")
    wanted = {f"in/{n}": f"out/{n}" for n in ("a.png", "b.png", "x/y/c.png")}
    assert targets("in") == wanted
    assert list(targets("in")) == list(wanted)  # always in the same order


def test_size_comes_from_the_header(root: Path) -> None:
    make("a.png", (1000, 2000))
    Path("b.png").touch()
    jobs = plan([Path("a.png"), Path("b.png")], Path("out"))
    assert [job.megapixels for job in jobs] == [2.0, 0.0]


def test_one_photo_may_go_to_a_file(root: Path) -> None:
    make("in/a.png")
    assert targets("in/a.png", out="b.jpg") == {"in/a.png": "b.jpg"}
    assert targets("in", out="b.jpg") == {"in/a.png": "b.jpg"}
    assert targets("in/a.png", out="new") == {"in/a.png": "new/a.png"}
    Path("dir.jpg").mkdir()
    assert targets("in/a.png", out="dir.jpg") == {"in/a.png": "dir.jpg/a.png"}
    make("in/b.png")
    with pytest.raises(OptionError, match="2 photos go in"):
        targets("in", out="b.jpg")
    with pytest.raises(OptionError, match="is not a name for the format png"):
        targets("in/a.png", out="b.jpg", format="png")
    with pytest.raises(OptionError, match=r"Cannot write b\.cr2"):
        targets("in/a.png", out="b.cr2")


def test_a_writer_that_is_not_installed_is_told_at_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("in/a.png")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"Writing HEIC needs the extra 'heic'"):
        targets("in", format="heif")
    with pytest.raises(MissingExtraError, match=r"Writing HEIC needs the extra 'heic'"):
        targets("in/a.png", out="x.heic")


def test_one_photo_s_output_is_no_folder_named_like_a_picture(root: Path) -> None:
    make("in/a.png")
    make("in/b.png")
    for out in ("x.gif", "x.JXL"):
        with pytest.raises(OptionError, match=rf"Cannot write {out} \('.*'\): choose one of .jpg"):
            targets("in/a.png", out=out)
        assert targets("in/a.png", "in/b.png", out=out)["in/a.png"] == f"{out}/a.png"
        assert targets("in", out=out)["in/a.png"] == f"{out}/a.png"
    Path("x.gif").mkdir()
    assert targets("in/a.png", out="x.gif") == {"in/a.png": "x.gif/a.png"}


def test_target_names_say_their_format(root: Path) -> None:
    make("a.PNG")
    make("b.jpeg")
    Path("c.cr2").write_bytes(b"II*\0")
    Path("a.PNG").rename("d.001")
    assert targets("b.jpeg", "c.cr2", "d.001") == {
        "b.jpeg": "out/b.jpeg",
        "c.cr2": "out/c.jpg",
        "d.001": "out/d.001.png",
    }
    assert targets("b.jpeg", "c.cr2", format="jpg") == {
        "b.jpeg": "out/b.jpeg",
        "c.cr2": "out/c.jpg",
    }
    assert targets("b.jpeg", format="tiff") == {"b.jpeg": "out/b.tif"}


def test_two_inputs_of_one_name_are_refused(root: Path) -> None:
    make("x/a.png")
    make("y/a.png")
    with pytest.raises(OutputError, match=r"x/a\.png and y/a\.png would both become out/a\.png"):
        targets("x", "y")
    Path("x/b.cr2").touch()
    make("x/b.jpg")
    with pytest.raises(OutputError, match=r"b\.cr2 and x/b\.jpg would both become out/b\.jpg"):
        targets("x")


def test_the_same_photo_twice_is_done_once(root: Path) -> None:
    make("in/a.png")
    assert targets("in", "in/a.png", "in") == {"in/a.png": "out/a.png"}


@pytest.mark.parametrize("out", ["in", "in/a.png", ".", "in/x/.."])
def test_originals_are_never_outputs(root: Path, out: str) -> None:
    make("in/a.png")
    make("in/x/b.png")
    make("a.png")
    with pytest.raises((OutputError, OptionError)):
        targets("in", "in/a.png", out=out) if out != "." else targets("in/x", "a.png", out=out)


def test_an_output_linked_to_an_input_is_refused(root: Path) -> None:
    source = make("in/a.png")
    Path("out").mkdir()
    Path("out/a.png").hardlink_to(source)
    with pytest.raises(OutputError, match="is an original"):
        targets("in")


def test_results_inside_the_input_folder_are_not_read_again(root: Path) -> None:
    make("in/a.png")
    make("in/done/a.png")
    assert targets("in", out="in/done") == {"in/a.png": "in/done/a.png"}
    make("b.png")
    assert "in/a.png" not in targets(".", out="in")


def test_what_is_not_there(root: Path) -> None:
    Path("void").mkdir()
    with pytest.raises(InputError, match="no photos in void"):
        targets("void")
    with pytest.raises(OptionError):
        targets()
    # A missing file is the business of `run`, like any other that cannot be read.
    assert targets("gone.png") == {"gone.png": "out/gone.png"}


def test_a_file_in_the_way_of_the_output_folder(root: Path) -> None:
    make("a.png")
    Path("out").write_text("a file")
    with pytest.raises(OutputError, match="out is a file"):
        targets("a.png")
    with pytest.raises(OutputError, match="cannot be made"):
        targets("a.png", out="out/deeper")


def test_links_to_folders_are_not_followed(root: Path) -> None:
    make("in/a.png")
    Path("in/loop").symlink_to(Path("in").resolve(), target_is_directory=True)
    assert targets("in") == {"in/a.png": "out/a.png"}


def test_unwritable_output_is_refused_before_work(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("a.png")
    allow: Callable[..., bool] = lambda path, mode: False  # noqa: E731
    monkeypatch.setattr("os.access", allow)
    with pytest.raises(OutputError, match="no permission"):
        targets("a.png")


def test_names_by_a_template(root: Path) -> None:
    make("in/b.1.png")
    make("in/x/c.png")
    jobs = plan([Path("in")], Path("out"), name="{folder}-{name}_better", format="jpg")
    assert [job.target.as_posix() for job in jobs] == [
        "out/in-b.1_better.jpg",
        "out/x/x-c_better.jpg",
    ]
    with pytest.raises(OutputError, match="would both become out/same"):
        make("in/d.png")
        plan([Path("in")], Path("out"), name="same")


def test_results_of_other_batches_are_not_enhanced_again(root: Path) -> None:
    make("in/a.png")
    make("in/one/a.png")
    Path("in/one/.burnish").mkdir()
    Path("in/one/.burnish/manifest.sqlite").touch()
    assert targets("in", out="in/two") == {"in/a.png": "in/two/a.png"}
    assert targets("in/one", out="best") == {"in/one/a.png": "best/a.png"}  # when it is asked for


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_pipes_and_devices_are_no_photos(root: Path) -> None:
    make("in/a.png")
    os.mkfifo("in/b.png")
    Path("in/c.png").symlink_to("nowhere.png")
    assert list(targets("in")) == ["in/a.png", "in/c.png"]  # `run` says what is wrong with a link
    for name in ("in/b.png", "/dev/null"):
        with pytest.raises(InputError, match=r"is a pipe, socket or device, not a file\."):
            targets("in/a.png", name)


def test_a_photo_that_others_follow_is_an_original(root: Path) -> None:
    make("in/a.png")
    best = make("out/a.png")
    with pytest.raises(OutputError, match="is an original"):
        plan([Path("in")], Path("out"), originals=[best])


def test_a_link_that_leads_nowhere(root: Path) -> None:
    make("in/a.png")
    Path("loop").symlink_to("loop")
    Path("gone").symlink_to("nowhere")
    for out in ("loop", "gone", "loop/deeper"):
        with pytest.raises(OutputError, match="is a link that leads nowhere"):
            targets("in", out=out)


@pytest.mark.skipif(os.name == "nt", reason="names of bytes")
def test_names_that_are_too_long(root: Path) -> None:
    make(f"in/{80 * '日'}.png")  # 244 bytes
    assert len(targets("in")) == 1
    with pytest.raises(OutputError, match="a name of more than 255 bytes"):
        plan([Path("in")], Path("out"), name="{name}_and_better_still")


def test_a_folder_above(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("in/b.png")
    Path("in/x").mkdir()
    monkeypatch.chdir("in/x")
    for given in ("..", "../b.png"):
        (job,) = plan([Path(given)], root / "out", name="{folder}-{name}")
        assert job.target == root / "out" / "in-b.png"


@pytest.mark.skipif(os.name == "nt", reason="a separator there")
def test_a_backslash_in_a_name(root: Path) -> None:
    make("in/a\\b.png")
    jobs = plan([Path("in")], Path("out"), name="{name}_new")
    assert jobs[0].target == Path("out/a\\b_new.png")


@pytest.mark.parametrize(
    "template",
    [
        "{number}",
        "{name!r}",
        "{name:>9}",
        "{",
        "",
        ".{name}",
        "a/{name}",
        "b\\{name}",
        "{name.stem}",
    ],
)
def test_templates_that_make_no_names(root: Path, template: str) -> None:
    make("a.png")
    with pytest.raises(OptionError, match="name template"):
        plan([Path("a.png")], Path("out"), name=template)


def test_a_template_is_for_folders(root: Path) -> None:
    make("a.png")
    with pytest.raises(OptionError, match="is a file"):
        plan([Path("a.png")], Path("b.png"), name="{name}")
