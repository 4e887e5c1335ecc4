"""The Dockerfile, as far as a moment allows; scripts/prove_container runs its lines."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINES = (ROOT / "Dockerfile").read_text().splitlines()


def test_bases_are_pinned_to_a_full_version() -> None:
    bases = [line for line in LINES if line.startswith("FROM ")]
    assert len(bases) == 2
    assert all(re.match(r"FROM python:3\.\d+\.\d+-slim-\w+( AS \w+)?$", base) for base in bases)


def test_it_does_not_run_as_root_and_is_asked_for_its_health() -> None:
    last = LINES[[n for n, line in enumerate(LINES) if line.startswith("FROM ")][-1] :]
    names = [line.split(" ")[0] for line in last]
    assert "USER 10001" in last and names.index("USER") < names.index("CMD")
    assert any(line.startswith("HEALTHCHECK") and "/healthz" in line for line in last)


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    for line in LINES:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists() and f"!{source}" in ignored
    assert any("-c constraints.txt" in line for line in LINES)
