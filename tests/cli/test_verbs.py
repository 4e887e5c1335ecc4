"""The other verbs, and the table that leads to them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path

import numpy as np
import pytest

from burnish import cli
from burnish.engine.options import EnhanceOptions
from burnish.image.read import read

SRC = Path(__file__).resolve().parents[2] / "src"


def fresh(code: str) -> str:
    env = os.environ | {"PYTHONPATH": str(SRC)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def parts_of(verb: str) -> dict[str, str]:
    return getattr(import_module(f"burnish.cli.{verb}"), "PARTS", {})


CALLS = [(verb, *part) for verb in cli.VERBS for part in [(), *((p,) for p in parts_of(verb))]]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_verb_explains_itself(
    call: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    module = import_module(".".join(("burnish.cli", *call)))
    assert callable(getattr(module, "command", None)) != hasattr(module, "PARTS")
    assert cli.run([*call, "--help"]) == 0
    assert f"Usage: burnish {' '.join(call)}" in capsys.readouterr().out


def test_a_verb_of_parts_wants_one_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ([], ["sped"], ["--threads", "1"]):
        assert cli.run(["bench", *wrong]) == 2
        said = capsys.readouterr().err
        assert "burnish bench takes speed, process" in said and len(said.splitlines()) == 1


def test_the_flags_of_enhance_are_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["enhance", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for option in fields(EnhanceOptions):
        assert f"--{option.name}" in shown and option.metadata["help"] in shown
    assert "Exit codes:" in shown and "130" in shown


def test_overview_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == cli.run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {verb}" in shown for verb in cli.VERBS)
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("burnish 0.")


def test_ctrl_c_is_answered_from_the_first_moment_on() -> None:
    """Until `cli.run` stands ready nothing is loaded that takes long, and what is loaded is cut."""
    loads = fresh(
        "import sys; before = set(sys.modules) | {'__future__'}\n"
        "import burnish.__main__, burnish.cli\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    assert loads == "burnish burnish.__main__ burnish.cli burnish.errors"
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'burnish.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "import runpy; runpy.run_module('burnish', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


def test_the_command_itself_loads_nothing_heavy() -> None:
    heavy = {"torch", "openvino", "numpy", "typer", "rich", "pyvips", "PIL", "pydantic"}
    code = "import sys; from burnish import cli; cli.run(['--help'])\n"
    assert fresh(f"{code}print({heavy} & sys.modules.keys())") == "set()"


@pytest.mark.parametrize(
    "arguments",
    [["models", "MODEL"], ["doctor", "--model", "MODEL"], ["compare", "A", "A", "-o", "S"]],
)
def test_verbs_for_users_do_not_load_torch(
    arguments: list[str], model: str, tmp_path: Path, photo_file: Callable[..., Path]
) -> None:
    photo = photo_file(tmp_path / "a.png")
    names = {"MODEL": model, "A": str(photo), "S": str(tmp_path / "s.png")}
    given = [names.get(a, a) for a in arguments]
    code = f"import sys; from burnish import cli; code = cli.run({given!r})\n"
    assert fresh(f"{code}print(code, 'torch' in sys.modules)") == "0 False"


def test_models(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", model]) == 0
    shown = capsys.readouterr().out
    assert "tiny" in shown and "x1" in shown and "Untrained, for tests." in shown
    assert cli.run(["models", model, "--json"]) == 0
    [card] = json.loads(capsys.readouterr().out)
    assert card["net"] == "nrl-global" and card["parameters"] > 0
    assert cli.run(["models"]) == 0  # however many are shipped
    assert cli.run(["models", "nowhere"]) == 2


def test_doctor(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["doctor", "--model", model, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["bf16"] == ("BF16" in found["arithmetic"])
    assert found["speed"]["megapixels_per_second"] > 0
    known = set(metadata("burnish").get_all("Provides-Extra") or ())
    assert set(found["extras"]) == known - {"dev"}
    assert found["devices"].keys() == {"cpu", "gpu", "npu", "cuda"}
    assert found["devices"]["cpu"] == {"backend": "openvino", "what": found["cpu"]}
    assert all(("what" in d) != ("why_not" in d) for d in found["devices"].values())
    assert cli.run(["doctor", "--model", "nowhere"]) == 1
    shown = capsys.readouterr().out
    assert "There is no model 'nowhere'" in shown and "openvino" in shown


def test_export_replaces_only_model_folders(
    weights: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    assert cli.run(["export", str(weights), str(tmp_path), "--overwrite"]) == 4
    assert "is no model folder" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").exists()
    assert cli.run(["export", str(weights), model]) == 4
    capsys.readouterr()
    assert cli.run(["export", str(tmp_path / "none"), str(tmp_path / "new")]) == 3
    assert "none does not exist" in capsys.readouterr().err
    assert cli.run(["export", str(tmp_path), str(tmp_path / "new")]) == 5
    assert "is a folder: name its best.safetensors or last.safetensors" in capsys.readouterr().err
    under = tmp_path / "precious.txt" / "new"
    assert cli.run(["export", str(weights), str(under)]) == 4
    assert "precious.txt cannot be made a folder" in capsys.readouterr().err
    for name in ("a/b", "a+b"):
        call = ["export", str(weights), str(tmp_path / "new"), "--name", name]
        assert cli.run(call) == 2
        assert f"A model cannot be called '{name}'" in capsys.readouterr().err


def test_export_without_torch_names_the_extra(
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delitem(sys.modules, "burnish.engine.export", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cli.run(["export", str(weights), str(tmp_path / "m")]) == 6
    assert "pip install 'burnish[train]'" in capsys.readouterr().err


def test_compare_two_photos(tmp_path: Path, photo_file: Callable[..., Path]) -> None:
    before, after = photo_file(tmp_path / "a.png", seed=1), photo_file(tmp_path / "b.png", seed=2)
    sheet = tmp_path / "sheet.png"
    assert cli.run(["compare", str(before), str(after), "-o", str(sheet)]) == 0
    page = np.rint(read(sheet).pixels * 255).astype(np.uint8)
    for path, left in ((before, 8), (after, 8 + 56 + 8)):
        wanted = np.rint(read(path).pixels * 255).astype(np.uint8)
        bottom = page.shape[0] - 8
        assert np.array_equal(page[bottom - 40 : bottom, left : left + 56], wanted)
    assert cli.run(["compare", str(before), str(after), "-o", str(sheet)]) == 4
    kept = before.read_bytes()
    assert cli.run(["compare", str(before), str(after), "-o", str(before), "--overwrite"]) == 4
    assert before.read_bytes() == kept


def test_compare_two_folders(
    folder: Path,
    tmp_path: Path,
    photo_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    after = tmp_path / "after"
    photo_file(after / "a.jpg")  # another format
    photo_file(after / "day 1" / "b.jpg", 66, 140)  # another size
    sheet = tmp_path / "sheet.jpg"
    assert cli.run(["compare", str(folder), str(after), "-o", str(sheet)]) == 0
    assert "2 pair" in capsys.readouterr().out
    assert max(read(sheet).pixels.shape) < 4000
    assert cli.run(["compare", str(folder), str(tmp_path / "none"), "-o", "x.jpg"]) == 3
    (tmp_path / "other").mkdir()
    assert cli.run(["compare", str(folder), str(tmp_path / "other"), "-o", "x.jpg"]) == 3


def test_compare_leaves_out_what_is_damaged(
    tmp_path: Path, photo_file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        for side in ("before", "after"):
            photo_file(tmp_path / side / f"{name}.png")
    bad = tmp_path / "after" / "b.png"
    bad.write_bytes(bad.read_bytes()[:300])
    folders, sheet = [str(tmp_path / side) for side in ("before", "after")], tmp_path / "s.png"
    assert cli.run(["compare", *folders, "-o", str(sheet)]) == 1
    told = capsys.readouterr()
    assert "2 of 3 pairs" in told.out and sheet.is_file()
    assert told.err.startswith(f"failed: {bad}: b.png ") and len(told.err.splitlines()) == 1
    again = str(tmp_path / "again.png")
    assert cli.run(["compare", str(bad), str(bad.with_name("a.png")), "-o", again]) == 3
    assert not Path(again).exists()


@pytest.mark.skipif(os.name == "nt", reason="names of bytes")
@pytest.mark.parametrize("name", ["two\nlines.png", os.fsdecode(b"\xff.png"), "写\t真.png"])
def test_compare_photos_of_any_name(
    name: str, tmp_path: Path, photo_file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for side in ("before", "after"):
        photo_file(tmp_path / side / name, 200, 300)
    sheet = tmp_path / name
    for places in ([tmp_path / "before", tmp_path / "after"], 2 * [tmp_path / "before" / name]):
        given = [str(path) for path in places]
        assert cli.run(["compare", *given, "-o", str(sheet), "--overwrite"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1 and sheet.is_file()
