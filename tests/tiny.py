"""Tiny models that change pictures clearly, made in a moment and once per test run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from burnish.card import ModelCard
from burnish.files import sha256

CHOICES: dict[str, Any] = {"channels": 8, "widths": [4, 4, 4], "steps": 1}


def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="burnish-tiny-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made / "tiny"


@cache
def tiny_model() -> str:
    """A model folder for ``--model``: graphs written by hand.

    y = 1.3 blur(x) + (0.5 - the photo's mean) / 4: it sees around a pixel, and the whole photo.
    """
    from onnx import TensorProto, helper, numpy_helper, save

    model = folder()
    model.mkdir()

    def graph(
        name: str, nodes: list[tuple[str, str]], inputs: dict[str, list[Any]], **constants: Any
    ) -> None:
        """``nodes``: (operator, "inputs > output")."""
        made = [
            helper.make_node(op, wires.split(" > ")[0].split(), [wires.split(" > ")[1]])
            for op, wires in nodes
        ]
        ports = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()]
        out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
        values = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
        whole = helper.make_graph(made, name, ports, [out], values)
        opset = [helper.make_opsetid("", 17)]
        save(helper.make_model(whole, opset_imports=opset, ir_version=9), model / f"{name}.onnx")

    photo = [1, 3, "h", "w"]
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    kernel[range(3), range(3)] = 1.3 / 9
    graph(
        "statistics",
        [("Mul", "x weight > m"), ("ReduceSum", "m axes > s"), ("Reshape", "s row > out")],
        {"x": photo, "weight": [1, 1, "h", "w"]},
        axes=np.array([2, 3]),
        row=np.array([1, 3]),
    )
    graph("condition", [("Sub", "half known > out")], {"known": [1, 3]}, half=np.float32(0.5))
    graph(
        "main",
        [
            ("Conv", "x kernel > inner"),
            ("Pad", "inner border > blur"),
            ("Mul", "condition quarter > q"),
            ("Reshape", "q channels > shift"),
            ("Add", "blur shift > out"),
        ],
        {"x": photo, "condition": [1, 3]},
        kernel=kernel,
        border=np.array([0, 0, 1, 1, 0, 0, 1, 1]),
        quarter=np.float32(0.25),
        channels=np.array([1, 3, 1, 1]),
    )
    hashes = {path.name: sha256(path) for path in model.glob("*.onnx")}
    card = ModelCard("tiny", "by hand", halo=2, moments=3, moments_halo=0, hashes=hashes)
    (model / "card.json").write_text(card.to_json())
    return str(model)


@cache
def tiny_weights() -> str:
    """A model folder with weights alone, for the torch backend."""
    import torch

    from burnish import checkpoint
    from burnish.nets.zoo import build

    torch.manual_seed(3)
    net = build("nrl-global", **CHOICES)
    model = folder()
    model.mkdir()
    card = ModelCard(
        name="tiny",
        net="nrl-global",
        hyperparameters=CHOICES,
        **net.needs(),
    )
    checkpoint.save(model / "weights.safetensors", net.state_dict(), card)
    (model / "card.json").write_text(card.to_json())
    return str(model)
