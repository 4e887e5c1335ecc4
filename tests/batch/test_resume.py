"""What a second run does: nothing over, nothing lost, nothing stale taken for current."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch.conftest import picture
from batch.runs import Remember, counts, go, never, states
from burnish.batch.files import digest
from burnish.batch.manifest import Manifest, home
from burnish.batch.plan import Job, plan
from burnish.batch.recipe import Recipe, recipe_for
from burnish.batch.resume import Memory, wants_memory
from burnish.batch.run import rehearse
from burnish.batch.search import may_hold_originals
from burnish.batch.steps import Steps
from burnish.batch.whole import is_whole
from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions


@pytest.mark.parametrize("look", [digest, is_whole])
def test_pipes_and_devices_are_not_waited_for(look: Callable[[Path], Any]) -> None:
    assert not look(Path(os.devnull))


def test_a_second_run_has_nothing_to_do(jobs: list[Job], remember: Remember, out: Path) -> None:
    assert counts(go(jobs, remember())) == (3, 0, 0, 0)
    before = states(out)
    for overwrite in (False, True):  # what would come out equal is not made anew
        report = go(jobs, remember(), never, overwrite)
        assert (counts(report), report.exit_code) == ((0, 3, 0, 0), 0)
    assert states(out) == before


def test_a_photo_that_changed_is_refused_or_redone(jobs: list[Job], remember: Remember) -> None:
    go(jobs, remember())
    picture(jobs[1].source, seed=9)
    report = go(jobs, remember(), never)
    assert counts(report) == (0, 2, 1, 0) and report.exit_code == 1
    assert "1.png has changed since" in report.skipped[0].reason
    assert "--overwrite" in report.skipped[0].reason
    assert counts(go(jobs, remember(), overwrite=True)) == (1, 2, 0, 0)
    assert counts(go(jobs, remember(), never)) == (0, 3, 0, 0)


def test_only_touching_a_photo_changes_nothing(jobs: list[Job], remember: Remember) -> None:
    go(jobs, remember())
    os.utime(jobs[0].source, (1, 1))
    assert counts(go(jobs, remember(), never)) == (0, 3, 0, 0)
    entry = remember().manifest.get("0.png")
    assert entry and entry.stamp.endswith(f":{10**9}")  # so that the next run need not read it


def test_other_options_are_refused_or_redone(jobs: list[Job], remember: Remember) -> None:
    go(jobs, remember())
    report = go(jobs, remember(strength=0.5), never)
    assert counts(report) == (0, 0, 3, 0) and report.exit_code == 4
    assert "0.png was made with strength 1.0, not 0.5: use --overwrite" in report.skipped[0].reason
    assert counts(go(jobs, remember(strength=0.5), overwrite=True)) == (3, 0, 0, 0)
    assert counts(go(jobs, remember(), never)) == (0, 0, 3, 0)


def test_another_photo_of_that_name_is_no_change_of_it(
    jobs: list[Job], remember: Remember, tmp_path: Path
) -> None:
    go(jobs, remember())
    other = picture(tmp_path / "other" / "0.png", seed=7)
    report = go(plan([other], tmp_path / "out"), remember(), never)
    assert f"was made of another photo, {jobs[0].source}" in report.skipped[0].reason


def test_outputs_that_others_wrote_are_left(jobs: list[Job], remember: Remember, out: Path) -> None:
    out.mkdir()
    (out / "0.png").write_text("mine")
    assert counts(go(jobs, remember())) == (2, 0, 1, 0)
    (out / "1.png").write_text("retouched by hand")
    report = go(jobs, remember(), never)
    assert counts(report) == (0, 1, 2, 0)
    assert all("exists already" in skipped.reason for skipped in report.skipped)
    assert (out / "0.png").read_text() == "mine"
    assert counts(go(jobs, remember(), overwrite=True)) == (2, 1, 0, 0)


def test_an_output_that_is_gone_is_made_again(jobs: list[Job], remember: Remember) -> None:
    go(jobs, remember())
    jobs[2].target.unlink()
    assert counts(go(jobs, remember())) == (1, 2, 0, 0)


def test_originals_among_the_outputs(jobs: list[Job], remember: Remember, tmp_path: Path) -> None:
    among = replace(remember(), among_photos=True)
    jobs[0].target.write_text("a photo of mine")
    for overwrite, made in ((True, 2), (False, 0)):
        assert counts(go(jobs, among, overwrite=overwrite)) == (made, 2 - made, 1, 0)
    jobs[1].target.write_text("retouched by hand")
    report = go(jobs, replace(remember(strength=0.5), among_photos=True), overwrite=True)
    assert counts(report) == (1, 0, 2, 0)  # what burnish wrote is made anew
    assert "lies among the photos" in report.skipped[0].reason
    assert jobs[0].target.read_text() == "a photo of mine"
    assert may_hold_originals(tmp_path / "in" / "x", [tmp_path / "in"])
    assert may_hold_originals(tmp_path, [tmp_path / "in"])
    beside = [jobs[0].source]  # of a raw file: its JPEG lies beside it
    assert may_hold_originals(tmp_path / "in", beside)
    assert not may_hold_originals(tmp_path / "out", [tmp_path / "in", jobs[0].source])


def test_power_cut_between_the_name_and_the_memory(jobs: list[Job], remember: Remember) -> None:
    memory = remember()
    go(jobs, memory)
    entries = [memory.manifest.get(f"{n}.png") for n in range(3)]
    for entry in entries:  # as it stood before the last word
        assert entry is not None
        memory.manifest.put(replace(entry, state="writing", output_stamp=""))
    jobs[1].target.unlink()  # here before the name
    jobs[2].target.write_text("somebody else's")
    assert counts(go(jobs, remember())) == (1, 1, 1, 0)
    entry = remember().manifest.get("0.png")
    assert entry and entry.state == "done" and entry.output_stamp


def test_a_hash_that_is_known_is_not_taken_again(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path] = []

    def counted(path: Path) -> str:
        taken.append(path)
        return digest(path)

    memory = replace(remember(), digest=counted)
    assert memory.content(jobs[0]) == memory.content(jobs[0]) == digest(jobs[0].source)
    entry = memory.taken(jobs[0])
    assert entry.content == digest(jobs[0].source) and taken == [jobs[0].source]
    assert not memory.contents  # flat memory
    memory.manifest.put(entry)
    assert memory.content(jobs[0]) == entry.content and len(taken) == 1


def test_left_parts_are_swept(jobs: list[Job], remember: Remember, out: Path) -> None:
    scratch = remember().begin()
    left = scratch / ".burnish-0123456789abcdef.part"
    left.write_bytes(b"half")
    assert remember().begin() == scratch and not left.exists()


def test_a_rehearsal_tells_and_does_nothing(jobs: list[Job], remember: Remember, out: Path) -> None:
    go(jobs[:1], remember())
    before = states(out)
    report = rehearse(jobs, Steps(memory=remember()))
    assert (len(report.planned), len(report.kept), report.left) == (2, 1, 0)
    assert states(out) == before


def test_a_rehearsal_writes_nothing(jobs: list[Job], remember: Remember, out: Path) -> None:
    go(jobs, remember())
    remember().manifest.close()
    os.utime(jobs[0].source, (1, 1))

    def files() -> dict[Path, tuple[bytes, int]]:
        found = (p for p in out.rglob("*") if p.is_file())
        return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in found}

    before = files()
    with Manifest(home(out), rehearsal=True) as manifest:
        memory = Memory(manifest, out, Recipe({"strength": 1.0}))
        assert len(rehearse(jobs, Steps(memory=memory)).kept) == 3
    assert files() == before
    Manifest(home(out / "nothing"), rehearsal=True).close()
    assert not (out / "nothing").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
def test_names_that_are_no_text(remember: Remember, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/\xff.png"))
    picture(tmp_path / "in" / "a.png").rename(odd)
    jobs = plan([tmp_path / "in"], tmp_path / "out")
    assert counts(go(jobs, remember())) == (1, 0, 0, 0)
    assert counts(go(jobs, remember(), never)) == (0, 1, 0, 0)


def test_the_recipe_knows_what_changes_outputs_and_what_does_not() -> None:
    model = find("nrl")
    base = recipe_for(EnhanceOptions(), model)
    assert recipe_for(EnhanceOptions(threads=3, tile=128), model).hash == base.hash
    others = [
        recipe_for(EnhanceOptions(strength=0.5), model),
        recipe_for(EnhanceOptions(precision="f32"), model),
        recipe_for(EnhanceOptions(), model, metadata="strip"),
        recipe_for(EnhanceOptions(), model, quality=80),
        base.in_series("abc"),
        recipe_for(
            EnhanceOptions(), replace(model, card=replace(model.card, hashes={"main.onnx": "0"}))
        ),
    ]
    assert len({base.hash, *(recipe.hash for recipe in others)}) == 7


def test_when_there_is_a_memory(tmp_path: Path) -> None:
    photo = picture(tmp_path / "in" / "a.png")
    out = tmp_path / "out"
    assert wants_memory([tmp_path / "in"], out)
    assert wants_memory([photo, photo], out)
    assert not wants_memory([photo], out)  # no hidden folder on somebody's desktop for one photo
    assert not wants_memory([tmp_path / "in"], tmp_path / "b.jpg")
    Manifest(home(out)).close()
    assert wants_memory([photo], out)
