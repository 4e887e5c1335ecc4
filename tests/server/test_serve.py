"""`burnish serve` as people start and stop it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from burnish import cli

SRC = Path(__file__).resolve().parents[2] / "src"


def test_starts_answers_and_stops(model: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "burnish", "serve", "--no-browser", "--port", "0"]
    command += ["--model", model, "--threads", "1", "--max-megabytes", "7"]
    env = os.environ | {"PYTHONPATH": str(SRC), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line + process.stderr.read()
        info = requests.get(found[0] + "v1/info", timeout=30).json()
        assert info["max_megabytes"] == 7 and info["models"][0]["name"] == "tiny"
        assert list(tmp_path.glob("burnish-serve-*"))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (0, 130)
    assert "Traceback" not in process.stderr.read()
    assert not list(tmp_path.glob("burnish-serve-*"))


def test_refusals_come_before_anything_listens(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, reason in [
        (["--host", "0.0.0.0"], "token"),
        (["--max-megabytes", "0"], "max-megabytes"),
        (["--strength", "2"], "strength"),
        (["--model", "nothing"], "nothing"),
        (["--port", "65536"], "port must be from 0 to 65535"),
        (["--port", "-1"], "port must be from 0 to 65535"),
    ]:
        assert cli.run(["serve", "--no-browser", *arguments]) == 2
        assert reason in capsys.readouterr().err


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.run(["serve", "--no-browser", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err
