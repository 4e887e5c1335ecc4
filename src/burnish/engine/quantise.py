"""An int8 form of a model's main graph, by NNCF's quantisation after training, held to a bar.

What sees or makes colours stays in float32, the arithmetic of x / T and of the share with it.
Ranges of values are the widest that calibration saw: NNCF's default, the mean of photos' ranges,
clips some photos to 31 dB. Other ways and what they reach: scripts/try_int8.
"""

import contextlib
import copy
import dataclasses
import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from burnish.card import ModelCard
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find, sha256
from burnish.engine.openvino_backend import INT8, OpenVinoBackend
from burnish.engine.options import EnhanceOptions
from burnish.engine.quiet_openvino import ov
from burnish.errors import InputError, MissingExtraError, ModelError
from burnish.image.read import read
from burnish.image.sniff import is_photo_name
from burnish.metrics import psnr

BAR = 45.0
"""Decibels to float32 that every photo must reach that is measured on."""
PHOTOS, LEAST, SIDE = 96, 16, 96
"""Most and fewest photos taken, evenly from the folder; side of what is taken of each."""
HELD_OUT = 4
"""Each so many-th photo is measured on and has no part in the calibration."""
Inputs = dict[str, np.ndarray]


def quantise(folder: Path, calibration: Path) -> ModelCard:
    """Add ``main-int8`` to a model folder, calibrated on a folder of photos, or nothing at all.

    The card gets what was measured.

    Raises:
        InputError: there are too few photos.
        ModelError: it is less than `BAR` close to float32.
    """
    nncf = _nncf()
    model = find(str(folder))
    items = crops(calibration, Enhancer(EnhanceOptions(model=str(folder), precision="f32")))
    seen = [item for n, item in enumerate(items) if n % HELD_OUT]
    unseen = items[::HELD_OUT]
    graph = ov.Core().read_model(str(folder / "main.onnx"))
    parameters = nncf.AdvancedQuantizationParameters()
    widest = nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX
    parameters.activations_range_estimator_params = copy.deepcopy(widest)
    with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
        small = nncf.quantize(
            graph,
            nncf.Dataset(seen),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(seen),
            ignored_scope=nncf.IgnoredScope(names=colours(graph), validate=False),
            advanced_parameters=parameters,
        )
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".int8-") as scratch:
        work = Path(scratch)
        shutil.copy(folder / "main.onnx", work)
        ov.save_model(small, work / f"{INT8}.xml", compress_to_fp16=False)
        close = closeness(work, unseen)
        if not min(close) >= BAR:
            raise ModelError(
                f"In int8 {folder} is {min(close):.1f} dB from float32 on one of {len(unseen)} "
                f"photos, and {BAR:g} are wanted: it stays without."
            )
        files = [work / f"{INT8}.bin", work / f"{INT8}.xml"]
        score = {"mean": float(np.mean(close)), "worst": min(close), "photos": len(unseen)}
        card = dataclasses.replace(
            model.card,
            hashes=model.card.hashes | {file.name: sha256(file) for file in files},
            scores=model.card.scores | {f"int8: dB to float32, {SIDE}x{SIDE}, held out": score},
        )
        (work / "card.json").write_text(card.to_json() + "\n")
        for file in (*files, work / "card.json"):
            file.replace(folder / file.name)
    return card


def _nncf() -> Any:
    os.environ.setdefault("NNCF_CI", "1")  # else it reports its use to its makers
    try:
        import nncf
        import nncf.quantization.range_estimator
    except ImportError as error:
        raise MissingExtraError("An int8 graph", "int8") from error
    nncf.set_log_level(40)  # errors
    return nncf


def crops(folder: Path, enhancer: Enhancer) -> list[Inputs]:
    """The middles of photos evenly chosen, each with the condition of its whole photo."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and is_photo_name(p))
    found = []
    for path in paths[:: -(-len(paths) // PHOTOS) or 1]:
        pixels = read(path).pixels
        top, left = (max(0, length - SIDE) // 2 for length in pixels.shape[:2])
        x = pixels[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1)[None]
        found.append({"x": np.ascontiguousarray(x), "condition": enhancer.condition(pixels)})
    if len(found) < LEAST:
        raise InputError(f"{folder} holds {len(found)} photos; calibration wants {LEAST} or more.")
    return found


def colours(graph: Any) -> list[str]:
    """What sees or makes colours: convolutions from three features, and all that yields three."""

    def features(shape: Any, axis: int) -> int | None:
        fits = shape.rank.is_static and shape.rank.get_length() == 4 and shape[axis].is_static
        return shape[axis].get_length() if fits else None

    found = []
    for op in graph.get_ordered_ops():
        convolves = op.get_type_name() == "Convolution"
        sees = convolves and features(op.input_value(1).get_partial_shape(), 1) == 3
        makes = op.get_output_size() > 0 and features(op.get_output_partial_shape(0), 1) == 3
        if sees or makes:
            found.append(op.get_friendly_name())
    return found


def closeness(folder: Path, items: list[Inputs]) -> list[float]:
    """PSNR in dB of the int8 graph to the float32 one, item by item, of what is shown."""
    exact, small = (OpenVinoBackend(folder, p, cache=None) for p in ("f32", "int8"))

    def shown(backend: OpenVinoBackend, item: Inputs) -> np.ndarray:
        return np.clip(backend.run("main", item)[0].transpose(1, 2, 0), 0, 1)

    return [psnr(shown(exact, item), shown(small, item), cap=120.0) for item in items]
