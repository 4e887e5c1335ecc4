"""Write a trained network as graphs that run without torch, and only after they agree with torch.

A model folder holds ``main.onnx`` (x, condition -> y), ``weights.safetensors`` and ``card.json``
with the hashes of the others; for networks that need whole-picture statistics also
``statistics.onnx`` (x, weight -> sums) and ``condition.onnx`` (known -> condition).
"""

import dataclasses
import logging
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
from burnish.engine.models import PLUS
from burnish.engine.statistics import tones
from burnish.errors import ModelError, OptionError, OutputError
from burnish.files import make_folder, sha256
from burnish.nets.net import Net
from burnish.nets.zoo import build, parameter_count

TOLERANCE = 1e-4
"""Largest difference allowed between the graph (float32) and torch."""
SIZE = ("height", "width")
"""Names of what may vary of the pictures; those of one graph are of one size."""
FACTS = ("name", "task", "description", "paper", "licence", "training_data")
"""What an owner may say on the card; the rest is measured or recorded."""


class _Main(nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return self.net.enhance(x, condition)


class _Condition(nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, known: Tensor) -> Tensor:
        return self.net.condition(known)


class _Statistics(nn.Module):
    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        return self.net.moments(x, weight)


def write_graph(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    sizes: Mapping[str, tuple[str, str]],
    output: str,
    path: Path,
) -> None:
    """One ONNX graph of a module. ``sizes``: what may vary, input -> names of height and width."""
    dims = {name: torch.export.Dim(name, min=2) for pair in sizes.values() for name in pair}
    shapes = {n: {2: dims[s[0]], 3: dims[s[1]]} if (s := sizes.get(n)) else None for n in inputs}
    # It warns of each operator of torchvision, which no network here uses, if that is missing.
    quiet = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
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
    finally:
        quiet.setLevel(level)


def _replaceable(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "main.onnx").is_file() or not any(folder.iterdir()))


def export_untrained(net: str, folder: Path) -> ModelCard:
    """Export a network of the zoo as it is built, for what needs no training, such as speed."""
    torch.manual_seed(0)
    built = build(net)
    card = ModelCard(
        name=net,
        net=net,
        description="Untrained.",
        **built.needs(),
    )
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch) / "untrained.safetensors"
        checkpoint.save(weights, built.state_dict(), card)
        return export(weights, folder)


def export(weights: Path, folder: Path, facts: Mapping[str, Any] | None = None) -> ModelCard:
    """Export a weight file to a model folder, whole or not at all.

    ``facts`` replace those of the card: any of `FACTS`.

    Raises:
        OutputError: the folder is there and is no model folder; it stays as it is.
        OptionError: ``facts`` holds others, or a name that `models.find` would not take as one.
        ModelError: the graph differs from torch by more than `TOLERANCE` on an odd-sized picture.
    """
    from burnish.engine.openvino_backend import OpenVinoBackend

    if folder.exists() and not _replaceable(folder):
        raise OutputError(
            f"{folder} holds other things than an exported model; name another folder."
        )
    if unknown := set(facts or {}) - set(FACTS):
        raise OptionError(f"A card's facts are {', '.join(FACTS)}; not {', '.join(unknown)}.")
    name = str((facts or {}).get("name", ""))
    if PLUS in name or "/" in name:
        raise OptionError(f"A model cannot be called '{name}': {PLUS} and / are for two and paths.")
    net, card = checkpoint.load(weights)
    # What the engine must know is the network's word: the weights may be older than the code.
    card = dataclasses.replace(
        card, **net.needs(), **dict(facts or {}), parameters=parameter_count(net), hashes={}
    )
    make_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as scratch:
        work = Path(scratch) / "model"
        work.mkdir()
        x = torch.rand(1, 3, 61, 83, generator=torch.Generator().manual_seed(0))
        weight = torch.full((1, 1, 61, 83), 1 / (61 * 83))
        with torch.no_grad():
            sums = net.moments(x, weight)
            known = net.statistics(x)
            condition = net.condition(known)
            y = net(x)
        asked = {"x": x, "condition": condition}
        write_graph(_Main(net), asked, {"x": SIZE}, "y", work / "main.onnx")
        if card.moments:
            seen = {"x": x, "weight": weight}
            sizes = dict.fromkeys(seen, SIZE)
            write_graph(_Statistics(net), seen, sizes, "sums", work / "statistics.onnx")
        if known.numel():
            whole = {"known": known}
            write_graph(_Condition(net), whole, {}, "condition", work / "condition.onnx")
        checkpoint.save(work / "weights.safetensors", net.state_dict(), card)
        card = dataclasses.replace(card, hashes={p.name: sha256(p) for p in sorted(work.iterdir())})
        (work / "card.json").write_text(card.to_json() + "\n")

        backend = OpenVinoBackend(work, precision="f32", cache=None)
        got, gaps = sums.numpy(), []
        if card.moments:
            got = backend.run("statistics", {"x": x.numpy(), "weight": weight.numpy()})
            gaps.append(got - sums.numpy())
        if known.numel():
            told = tones(x[0].permute(1, 2, 0).numpy(), card.tones)
            got = backend.run("condition", {"known": np.concatenate([got, told], axis=1)})
        gaps.append(backend.run("main", {"x": x.numpy(), "condition": got}) - y.numpy())
        gap = float(np.max([np.abs(g).max() for g in gaps]))  # NaN counts, as the largest
        if not gap <= TOLERANCE:
            raise ModelError(
                f"The exported graph of {weights} is {gap:.2e} away from torch; not written."
            )
        if folder.exists():
            folder.rename(Path(scratch) / "old")  # which goes with the scratch
        work.rename(folder)
    return card
