"""The report: both files say the same, and replace nothing but reports."""

import json
from pathlib import Path

import pytest

from burnish.batch.events import Done, Failed, Kept, Report, Skipped
from burnish.batch.plan import Job
from burnish.batch.report import check_report, names, write_report
from burnish.errors import OutputError


def outcome() -> Report:
    jobs = [Job(Path(f"in/{n}.jpg"), Path(f"out/{n}.jpg"), 1.0) for n in "abcde"]
    report = Report(total=5, seconds=2.0, interrupted=True)
    report.add(Done(jobs[0], 1.5, 12.0, ("JPEG holds 8 bits.",)))
    report.add(Kept(jobs[1]))
    report.add(Skipped(jobs[2], "exists already"))
    report.add(Failed(jobs[3], "is empty", 3, "a long trace"))
    return report


def test_both_files(tmp_path: Path) -> None:
    write_report(outcome(), tmp_path / "r.json", "1 photo enhanced")
    found = json.loads((tmp_path / "r.json").read_text())
    assert (found["total"], found["left"], found["interrupted"]) == (5, 1, True)
    assert found["done"][0] == {
        "source": "in/a.jpg",
        "target": "out/a.jpg",
        "seconds": 1.5,
        "megapixels": 12.0,
        "notes": ["JPEG holds 8 bits."],
    }
    assert found["failed"][0]["reason"] == "is empty" and found["failed"][0]["code"] == 3
    assert found["kept"][0]["source"] == "in/b.jpg" and found["planned"] == []
    assert found["skipped"][0]["reason"] == "exists already"
    text = (tmp_path / "r.txt").read_text()
    assert "1 photo enhanced" in text and "in/d.jpg: is empty" in text
    assert "Done before (1)\n  in/b.jpg -> out/b.jpg" in text


def test_a_line_break_in_a_name_breaks_no_line(tmp_path: Path) -> None:
    job = Job(Path("in/a\nFailed (9).jpg"), Path("out/a\x1b.jpg"), 1.0)
    report = Report(total=2)
    report.add(Done(job, 1.0, 1.0, ()))
    report.add(Failed(job, f"{job.source.name} is empty", 3, ""))
    write_report(report, tmp_path / "r", "1 photo enhanced")
    lines = (tmp_path / "r.txt").read_text().splitlines()
    assert "  in/a\\nFailed (9).jpg: a\\nFailed (9).jpg is empty" in lines
    assert "  in/a\\nFailed (9).jpg -> out/a\\x1b.jpg" in lines


@pytest.mark.parametrize(
    ("given", "stem"),
    [
        ("r", "r"),
        ("r.json", "r"),
        ("r.TXT", "r"),
        ("june.2025", "june.2025"),
        ("a.tar.txt", "a.tar"),
    ],
)
def test_names_of_both_files(given: str, stem: str) -> None:
    assert names(Path("x") / given) == (Path(f"x/{stem}.json"), Path(f"x/{stem}.txt"))


def test_places_for_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (".", "..", "/"):
        with pytest.raises(OutputError, match="is no name for a report"):
            check_report(Path(given))
    (tmp_path / "r.json").mkdir()
    with pytest.raises(OutputError, match="cannot be the report"):
        check_report(tmp_path / "r")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be the report"):
        check_report(tmp_path / "file" / "r.json")
    check_report(tmp_path / "new" / "r.json")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(OutputError, match="no permission"):
        check_report(tmp_path / "new" / "r.json")


def test_a_report_replaces_reports_only(tmp_path: Path) -> None:
    write_report(outcome(), tmp_path / "r", "first")
    write_report(outcome(), tmp_path / "r.txt", "second")
    assert "second" in (tmp_path / "r.txt").read_text()
    (tmp_path / "r.txt").write_text("my diary")
    with pytest.raises(OutputError, match="no report of burnish"):
        check_report(tmp_path / "r.json")
