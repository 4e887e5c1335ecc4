"""The short form of the long proofs: the scripts are what docs/batch.md quotes figures from."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def prove(script: str, *arguments: object, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / script), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_killed_batches_lose_nothing(environment: dict[str, str]) -> None:
    lengths = ("--kills", 3, "--photos", 9, "--redo-kills", 2)
    told = prove("prove_kill", *lengths, environment=environment)
    assert "3 kills" in told and "all 9 outputs equal" in told
    assert "made anew with 2 kills" in told


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")  # noqa: PTH110
def test_memory_does_not_grow_with_the_number_of_photos(environment: dict[str, str]) -> None:
    """A leak of one decoded photo of 48x36 alone would be 20,000 bytes each."""
    told = prove("prove_soak", "--photos", 80, "--most", 20_000, environment=environment)
    assert "80 photos in" in told
