"""An int8 form of a model's main graph, by NNCF's quantisation after training, held to a bar.

What sees or makes colours stays in float32, and what T is made of (`exact`). Ranges of values are
the widest that calibration saw: NNCF's default, the mean of the photos' ranges, clips some photos.
Other ways and what they reach: scripts/try_int8.
"""

import contextlib
import copy
import dataclasses
import io
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from burnish.card import ModelCard
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find
from burnish.engine.network import parted
from burnish.engine.openvino_backend import INT8, OpenVinoBackend
from burnish.engine.options import EnhanceOptions
from burnish.engine.quiet_openvino import core, ov
from burnish.errors import InputError, MissingExtraError, ModelError
from burnish.files import sha256
from burnish.image.sniff import is_photo_name
from burnish.metrics import psnr

BAR = 45.0
"""Decibels to float32 that every photo must reach that is measured on."""
PHOTOS, LEAST, SIDE = 96, 16, 96
"""Most and fewest photos taken; side of what is taken of each."""
HELD_OUT = 4
"""Each so many-th photo is measured on and has no part in the calibration."""
Inputs = dict[str, np.ndarray]


def quantise(folder: Path, photos: Iterable[np.ndarray]) -> ModelCard:
    """Add ``main-int8`` to a model folder, calibrated on photos, or nothing at all.

    The photos, (H,W,3) in [0,1], are to be such as the network has work with: of those that it
    leaves alone calibration learns no ranges, and measures nothing. The card gets the measurement.

    Raises:
        InputError: there are fewer than `LEAST` photos.
        ModelError: it is less than `BAR` close to float32.
    """
    nncf = _nncf()
    folder = folder.absolute()  # by its name alone a shipped model would be found first
    model = find(str(folder))
    items = crops(photos, Enhancer(EnhanceOptions(model=str(folder), precision="f32")))
    if len(items) < LEAST:
        raise InputError(f"Calibration wants {LEAST} photos or more, and there are {len(items)}.")
    seen = [item for n, item in enumerate(items) if n % HELD_OUT]
    unseen = items[::HELD_OUT]
    graph = core().read_model(str(folder / "main.onnx"))
    parameters = nncf.AdvancedQuantizationParameters()
    widest = nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX
    parameters.activations_range_estimator_params = copy.deepcopy(widest)
    with contextlib.redirect_stdout(io.StringIO()):  # its progress bars
        small = nncf.quantize(
            graph,
            nncf.Dataset(seen),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(seen),
            ignored_scope=nncf.IgnoredScope(names=exact(graph), validate=False),
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


def chosen(folder: Path, count: int = PHOTOS) -> list[Path]:
    """So many photos of a folder at most, evenly chosen."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and is_photo_name(p))
    found = paths[:: -(-len(paths) // count) or 1]
    if len(found) < min(LEAST, count):
        raise InputError(f"{folder} holds {len(found)} photos; calibration wants {LEAST} or more.")
    return found


def crops(photos: Iterable[np.ndarray], enhancer: Enhancer, side: int = SIDE) -> list[Inputs]:
    """The middles of photos, each with the condition of its whole photo."""
    found = []
    for pixels in photos:
        top, left = (max(0, length - side) // 2 for length in pixels.shape[:2])
        x = pixels[top : top + side, left : left + side].transpose(2, 0, 1)[None]
        condition, _ = parted(enhancer.condition(pixels))
        found.append({"x": np.ascontiguousarray(x), "condition": condition})
    return found


def exact(graph: Any) -> list[str]:
    """What stays in float32, by name: all that sees or makes colours, and what T is made of.

    Colours are three features. T divides, and its gate multiplies, so errors of the features that
    it is read from grow: from the divisor back to the convolution that makes them, nothing is int8.
    """
    ops = graph.get_ordered_ops()
    colours = {op.get_friendly_name() for op in ops if _makes_colours(op) or _sees_colours(op)}
    path = [op.input_value(1).get_node() for op in ops if op.get_type_name() == "Divide"]
    walked: set[str] = set()
    while path:
        op = path.pop()
        if _features(op.get_output_partial_shape(0), 1) is None or op.get_friendly_name() in walked:
            continue
        walked.add(op.get_friendly_name())
        if op.get_type_name() != "Convolution" or _makes_colours(op):
            path += [value.get_node() for value in op.input_values()]
    return sorted(colours | walked)


def _features(shape: Any, axis: int) -> int | None:
    """The length along an axis of a shape (N,C,H,W), if it is one."""
    fits = shape.rank.is_static and shape.rank.get_length() == 4 and shape[axis].is_static
    return shape[axis].get_length() if fits else None


def _sees_colours(op: Any) -> bool:
    convolves = op.get_type_name() == "Convolution"
    return convolves and _features(op.input_value(1).get_partial_shape(), 1) == 3


def _makes_colours(op: Any) -> bool:
    return op.get_output_size() > 0 and _features(op.get_output_partial_shape(0), 1) == 3


def closeness(folder: Path, items: list[Inputs]) -> list[float]:
    """PSNR in dB of the int8 graph to the float32 one, item by item, of what is shown."""
    plain, small = (OpenVinoBackend(folder, p, cache=None) for p in ("f32", "int8"))

    def shown(backend: OpenVinoBackend, item: Inputs) -> np.ndarray:
        return np.clip(backend.run("main", item)[0].transpose(1, 2, 0), 0, 1)

    return [psnr(shown(plain, item), shown(small, item), cap=120.0) for item in items]
