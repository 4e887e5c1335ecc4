"""A batch on a real Ray, started here, between buckets of a real S3-compatible server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import burnish
from burnish.batch import places
from burnish.batch.places import place
from burnish.batch.url_plan import Unfinished
from burnish.image.photo import Photo
from burnish.image.write import write
from tiny import tiny_model

from .s3 import BUCKET, s3_server

pytest.importorskip("ray", reason="needs the extra ray")
pytestmark = pytest.mark.slow

SRC = Path(__file__).resolve().parents[2] / "src"
PHOTOS = 8


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("state")
    with s3_server() as server:
        yield server | {"PYTHONPATH": str(SRC), "XDG_STATE_HOME": str(home)}


def start(environment: dict[str, str], *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "burnish", "enhance", *map(str, arguments), "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def workers_below(pid: int) -> list[int]:
    """Ray's actors with a photo in their hands among the descendants of a process."""
    parents, titles = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                titles[int(entry.name)] = (entry / "cmdline").read_bytes()
                after_name = (entry / "stat").read_text().rsplit(")", 1)[1]
                parents[int(entry.name)] = int(after_name.split()[1])
            except OSError:
                continue  # it has gone
    family, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in family} - family
        grown = bool(more)
        family |= more
    return [p for p in family if b"MapWorker" in titles[p] and b".submit" in titles[p]]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_a_killed_worker_loses_nothing_and_nobodys_file_is_replaced(
    environment: dict[str, str], tmp_path: Path
) -> None:
    source, out = place(f"{BUCKET}/in"), place(f"{BUCKET}/out")
    options = {"model": tiny_model(), "precision": "f32", "threads": 1}
    expected = {}
    for number in range(PHOTOS):
        pixels = np.random.default_rng(number).integers(0, 255, (900, 1200, 3), np.uint8)
        photo = tmp_path / f"{number}.jpg"
        write(Photo.from_array(pixels), photo)
        places.store(photo, source / "day" / photo.name)
        expected[photo.name] = burnish.enhance(photo.read_bytes(), **options)
    # What a driver that was killed leaves: an output without an entry. And a stranger's file.
    (tmp_path / "ours").write_bytes(expected["0.jpg"])
    (tmp_path / "theirs").write_bytes(b"somebody else's")
    places.store(tmp_path / "ours", out / "day" / "0.jpg")
    places.store(tmp_path / "theirs", out / "day" / "1.jpg")
    Unfinished(out).set()

    flags = [f"--{name}={value}" for name, value in options.items()]
    run = start(environment, source, "-o", out, "--ray", "local", "--workers", 2, *flags)
    killed = 0
    while run.poll() is None and not killed:
        for worker in workers_below(run.pid)[:1]:
            os.kill(worker, signal.SIGKILL)
            killed = worker
        time.sleep(0.02)
    stdout, stderr = run.communicate(timeout=300)
    assert killed and run.returncode == 1, stderr

    events = [json.loads(line) for line in stdout.splitlines()]
    assert [e["reason"] for e in events if e["event"] == "failed"] == [
        f"{out}/day/1.jpg exists already: use --overwrite to replace it."
    ]
    done = sorted(e["source"] for e in events if e["event"] == "done")
    assert done == [f"{source}/day/{n}.jpg" for n in range(PHOTOS) if n != 1]
    expected["1.jpg"] = b"somebody else's"
    there = {name for name, _ in places.listing(out)}
    assert there == {f"day/{name}" for name in expected}
    for name, content in expected.items():
        assert places.fetch(out / "day" / name, tmp_path).read_bytes() == content
    assert not Unfinished(out)

    again = start(environment, source, "-o", out, "--ray", "local", *flags)
    stdout, stderr = again.communicate(timeout=120)
    summary = json.loads(stdout.splitlines()[-1])
    assert (again.returncode, summary["done"], summary["skipped"]) == (1, 0, 1), stderr


def test_urls_need_ray_and_ray_needs_one_folder(tmp_path: Path) -> None:
    for arguments, says in (
        (["s3://bucket/in", "-o", tmp_path / "out"], "s3://bucket/in is a URL: add --ray local"),
        ([tmp_path, tmp_path, "-o", "s3://b/o", "--ray", "local"], "one folder or URL"),
        ([tmp_path / "a.jpg", "-o", tmp_path / "out", "--ray", "local"], "is no folder"),
        ([tmp_path, "-o", tmp_path / "out", "--workers", 2], "add --ray local"),
        ([tmp_path, "-o", "o", "--ray", "local", "--gpus", 1], "--device cuda go together"),
    ):
        run = start(os.environ | {"PYTHONPATH": str(SRC)}, *arguments)
        _, stderr = run.communicate(timeout=120)
        assert run.returncode == 2 and says in stderr, stderr
