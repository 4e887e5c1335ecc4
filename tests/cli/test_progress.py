"""Lines of a batch: one for each photo, whatever its name holds."""

from pathlib import Path

import pytest

from burnish import cli
from burnish.batch.events import Done, Failed, Started
from burnish.batch.plan import Job
from burnish.cli.progress import Bar, Lines
from burnish.errors import InputError

NAME = "new\nline \x1b[2J ünï 写真 \udcff.jpg"
SHOWN = r"new\nline \x1b[2J ünï 写真 \udcff.jpg"


def test_a_name_cannot_break_its_line_or_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job, lines = Job(Path(NAME), Path("out") / NAME, 1.0), Lines()
    lines.event(Done(job, 1.0, 1.0, ("A note.",)))
    lines.event(Failed(job, "The reason.", 3))
    shown = capsys.readouterr()
    assert shown.out == f"out/{SHOWN}  1.0 MP in 1.0 s\n"
    assert shown.err == f"{SHOWN}: A note.\nfailed: {SHOWN}: The reason.\n"


def test_nor_steer_it_in_the_sentence_that_ends_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(arguments: list[str]) -> int:
        raise InputError(f"{NAME} has\ttwo keys.")

    monkeypatch.setattr(cli, "dispatch", refuse)
    assert cli.run(["x"]) == 3
    assert (
        capsys.readouterr().err
        == "burnish: new\nline \\x1b[2J ünï 写真 \\udcff.jpg has\ttwo keys.\n"
    )


def test_nor_steer_it_in_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(Path(NAME), Path("out") / NAME, 1.0)
    with Bar() as bar:
        bar.begin([job])
        bar.event(Started(job, 1, 1))
        assert bar.bar.tasks[0].description == SHOWN


@pytest.mark.parametrize("terminal", [True, False])
def test_a_file_behind_stdout_gets_the_lines_that_a_bar_replaces(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    job = Job(Path("a.jpg"), Path("out/a.jpg"), 1.0)
    with Bar() as bar:
        bar.begin([job])
        bar.event(Done(job, 1.0, 1.0, ()))
    assert ("out/a.jpg  1.0 MP in 1.0 s\n" in capsys.readouterr().out) != terminal
