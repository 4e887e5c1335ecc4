"""Write a trained network as graphs that run without torch, and only after they agree with torch.

A model folder holds ``main.onnx`` (x, moments -> y), ``statistics.onnx`` (x, weight -> sums; only
for networks that need whole-picture statistics), ``weights.safetensors`` and ``card.json`` with the
hashes of the others.
"""

import dataclasses
import hashlib
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.errors import ModelError, OptionError, OutputError
from burnish.nets.net import Net
from burnish.nets.zoo import parameter_count

TOLERANCE = 1e-4
"""Largest difference allowed between the graph (float32) and torch."""


class _Main(nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, moments: Tensor) -> Tensor:
        out: Tensor = self.net(x, moments)
        return out


class _Statistics(nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        return self.net.moments(x, weight)


def _write_graph(
    module: nn.Module, inputs: dict[str, Tensor], pictures: set[str], output: str, path: Path
) -> None:
    height, width = torch.export.Dim("height", min=2), torch.export.Dim("width", min=2)
    shapes = {n: {2: height, 3: width} if n in pictures else None for n in inputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes=tuple(shapes.values()),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def sha256(path: Path) -> str:
    """Hash of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "main.onnx").is_file() or not any(folder.iterdir()))


FACTS = ("name", "description", "paper", "licence", "training_data")
"""What an owner may say on the card; the rest is measured or recorded."""


def export(weights: Path, folder: Path, facts: Mapping[str, Any] | None = None) -> ModelCard:
    """Export a weight file to a model folder, whole or not at all.

    ``facts`` replace those of the card: any of `FACTS`.

    Raises:
        OutputError: the folder is there and is no model folder; it stays as it is.
        ModelError: the graph differs from torch by more than `TOLERANCE` on an odd-sized picture.
    """
    from burnish.engine.openvino_backend import OpenVinoBackend

    if folder.exists() and not _replaceable(folder):
        raise OutputError(
            f"{folder} holds other things than an exported model; name another folder."
        )
    if unknown := set(facts or {}) - set(FACTS):
        raise OptionError(f"A card's facts are {', '.join(FACTS)}; not {', '.join(unknown)}.")
    net, card = checkpoint.load(weights)
    card = dataclasses.replace(
        card, **dict(facts or {}), parameters=parameter_count(net), hashes={}
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as scratch:
        work = Path(scratch) / "model"
        work.mkdir()
        x = torch.rand(1, 3, 61, 83, generator=torch.Generator().manual_seed(0))
        moments, weight = torch.rand(1, card.moments), torch.full((1, 1, 61, 83), 1 / (61 * 83))
        _write_graph(_Main(net), {"x": x, "moments": moments}, {"x"}, "y", work / "main.onnx")
        if card.moments:
            _write_graph(
                _Statistics(net), {"x": x, "weight": weight}, {"x", "weight"}, "sums",
                work / "statistics.onnx",
            )  # fmt: skip
        checkpoint.save(work / "weights.safetensors", net.state_dict(), card)
        card = dataclasses.replace(card, hashes={p.name: sha256(p) for p in sorted(work.iterdir())})
        (work / "card.json").write_text(card.to_json() + "\n")

        backend = OpenVinoBackend(work, precision="f32", cache=None)
        with torch.no_grad():
            expected_sums = net.moments(x, weight)
            expected = net(x, expected_sums).numpy()
        sums = expected_sums.numpy()
        if card.moments:
            sums = backend.run("statistics", {"x": x.numpy(), "weight": weight.numpy()})
        got = backend.run("main", {"x": x.numpy(), "moments": sums})
        gaps = np.concatenate([(got - expected).ravel(), (sums - expected_sums.numpy()).ravel()])
        gap = float(np.abs(gaps).max())
        if not gap <= TOLERANCE:
            raise ModelError(
                f"The exported graph of {weights} is {gap:.2e} away from torch; not written."
            )
        if folder.exists():
            shutil.rmtree(folder)
        work.rename(folder)
    return card
