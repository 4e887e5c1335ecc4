"""What `import burnish` promises: the names, the signature, and that it stays light."""

import inspect
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import burnish

PUBLIC = {
    "BurnishError",
    "EnhanceOptions",
    "Enhancer",
    "Photo",
    "__version__",
    "encode",
    "enhance",
    "read",
    "write",
}
"""A name may be added; one that goes, or changes its meaning, is a new major version."""
ROOT = Path(__file__).resolve().parents[2]


def test_the_names_are_these() -> None:
    assert set(burnish.__all__) == PUBLIC == set(dir(burnish))
    for name in PUBLIC:
        assert getattr(burnish, name) is getattr(burnish, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'enhanse'"):
        burnish.enhanse  # type: ignore[attr-defined]  # noqa: B018


def test_their_parameters_are_these() -> None:
    def names(function: object) -> list[str]:
        return list(inspect.signature(function).parameters)  # type: ignore[arg-type]

    assert names(burnish.enhance) == [
        *("source", "out", "format", "metadata", "quality", "overwrite", "options")
    ]
    assert names(burnish.read) == ["source", "max_pixels"]
    assert names(burnish.write) == ["photo", "path", "format", "metadata", "overwrite", "quality"]
    assert names(burnish.encode) == ["photo", "format", "metadata", "quality"]
    assert {"model", "strength", "precision", "backend", "threads", "tile"} <= {
        f.name for f in fields(burnish.EnhanceOptions)
    }


def test_a_star_import_and_the_list_of_names_load_nothing_heavy() -> None:
    code = (
        "import sys, burnish; dir(burnish); burnish.BurnishError; burnish.EnhanceOptions\n"
        "print(*({'torch', 'openvino', 'pyvips', 'PIL', 'ray'} & sys.modules.keys()))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert out.stdout.strip() == ""
