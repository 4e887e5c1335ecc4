"""Files of VGG's weights: safetensors, torch state dicts and Keras's, read; safetensors, written.

Files differ in what their first layer wants to see. It is taken from the file's own header, from
the table of known files, or from the caller, never guessed.
"""

import json
import pickle
from pathlib import Path
from typing import Any, get_args

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as dumped
from torch import Tensor

from burnish.errors import ModelError
from burnish.files import sha256, whole
from burnish.nets.vgg import CONVOLUTIONS, VGG, Name, Preprocessing

# First digits of the sha256. The .pth files carry theirs in the name that they are published under.
KNOWN_FILES: dict[str, tuple[Name, Preprocessing, str]] = {
    "c2c819fb672f9b073ca51823385045201d4eaffb7b06594e81cee4ff6f183d27": (
        "vgg16",
        "caffe",
        "original Oxford weights (CC BY 4.0), convolutions, float16 safetensors",
    ),
    "397923af": ("vgg16", "torchvision", "torchvision's vgg16-397923af.pth"),
    "dcbb9e9d": ("vgg19", "torchvision", "torchvision's vgg19-dcbb9e9d.pth"),
    "00b39a1b": ("vgg16", "caffe-bgr", "Johnson's vgg16-00b39a1b.pth"),
    "d01eb7cb": ("vgg19", "caffe-bgr", "Johnson's vgg19-d01eb7cb.pth"),
}

HEADER = "burnish.vgg"


def read_vgg(name: Name, path: Path, preprocessing: Preprocessing | None = None) -> VGG:
    """The extractor with a file's weights, in float32.

    Reads safetensors and state dicts (.pth; nothing else in them is unpickled) that number their
    layers as torchvision does, and Keras's names (``block1_conv1``; kernels in its order HWIO),
    also in its own HDF5 files where h5py is installed.
    ``preprocessing`` is needed for files that neither say it nor are known.
    """
    weights, header = _read(path)
    keras = any(key.startswith("block1_conv1") for key in weights)
    if keras:
        weights = _from_keras(weights, name)
    taken = preprocessing or _preprocessing(path, header, keras)
    if taken not in get_args(Preprocessing):
        raise ModelError(f"{path}: '{taken}' is none of {', '.join(get_args(Preprocessing))}.")
    vgg = VGG(name, "torchvision" if taken == "torchvision" else "caffe")
    wanted = vgg.state_dict()
    for key, value in wanted.items():
        if key not in weights or weights[key].shape != value.shape:
            got = tuple(weights[key].shape) if key in weights else "nothing"
            raise ModelError(f"{path} is no {name}: {key} is {got}, not {tuple(value.shape)}.")
    spare = [k for k in weights if k.startswith("features.") and k not in wanted]
    if spare:
        raise ModelError(f"{path} is no {name}: it also holds {spare[0]}.")
    if taken == "caffe-bgr":
        weights["features.0.weight"] = weights["features.0.weight"].flip(1)
    if rms := _header(path, header).get("rms"):
        vgg.rms = tuple(map(float, rms))
    vgg.load_state_dict({key: weights[key].float() for key in wanted})
    if not all(p.isfinite().all() for p in vgg.parameters()):
        raise ModelError(f"{path} holds values that are not finite.")
    return vgg.eval()


def save_vgg(vgg: VGG, target: Path, origin: str) -> None:
    """Write a file of our own, whole or not at all; it says its preprocessing and its origin.

    ``origin`` is the sha256 of the file that the weights came from.
    """
    about: dict[str, Any] = {
        "name": vgg.name, "preprocessing": vgg.preprocessing, "sha256": origin, "rms": vgg.rms
    }  # fmt: skip
    with whole(target) as partial:
        partial.write_bytes(dumped(vgg.state_dict(), metadata={HEADER: json.dumps(about)}))


def describe(path: Path) -> str:
    """What a file of our own tells: preprocessing, where it came from, scales of its features."""
    about = _header(path, _read(path)[1])
    digest = str(about.get("sha256", ""))
    origin = next((told for s, (_, _, told) in KNOWN_FILES.items() if digest.startswith(s)), "")
    kind = about.get("preprocessing", "of unknown preprocessing")
    scales = ""
    if rms := about.get("rms"):
        scales = ", feature scales " + " ".join(f"{v:.4g}" for v in rms)
    return f"{kind}, {origin or 'a file that is not a known one'}{scales}, sha256 {digest}"


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and header of a file, whatever it holds."""
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {k: file.get_tensor(k) for k in file.keys()}, file.metadata() or {}  # noqa: SIM118
        if path.suffix in (".h5", ".hdf5"):
            return _read_keras(path), {}
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's message advises to unpickle it anyway
        raise ModelError(
            f"{path} cannot be read as a weight file: it is damaged or holds more than tensors."
        ) from error
    except (OSError, RuntimeError, EOFError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read as a weight file: {error}") from error
    if not isinstance(state, dict):
        raise ModelError(f"{path} holds no state dict.")
    return {k: v for k, v in state.items() if isinstance(v, Tensor)}, {}


def _read_keras(path: Path) -> dict[str, Tensor]:
    """Arrays of an HDF5 file of Keras by their path in it, such as block1_conv1/kernel:0."""
    try:
        import h5py
    except ImportError as error:
        raise ModelError(
            f"{path} is a file of Keras: reading it takes `pip install h5py`."
        ) from error
    found: dict[str, Tensor] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = torch.from_numpy(item[()])

    with h5py.File(path, "r") as file:
        file.get("model_weights", file).visititems(visit)
    return found


def _header(path: Path, header: dict[str, str]) -> dict[str, Any]:
    """What a file of our own says about itself; empty for others."""
    try:
        found = json.loads(header.get(HEADER, "{}"))
    except ValueError as error:
        raise ModelError(f"{path} has a damaged header: {error}") from error
    return found if isinstance(found, dict) else {}


def _preprocessing(path: Path, header: dict[str, str], keras: bool) -> str:
    """What the file's first layer takes, by its header, by the known files, by Keras's habit."""
    if known := _header(path, header).get("preprocessing"):
        return str(known)
    digest = sha256(path)
    for start, (_, kind, _) in KNOWN_FILES.items():
        if digest.startswith(start):
            return kind
    if keras:
        return "caffe-bgr"
    choices = ", ".join(get_args(Preprocessing))
    raise ModelError(
        f"{path} is not a known file and does not say what input it was trained on; "
        f"name its preprocessing ({choices})."
    )


def _from_keras(weights: dict[str, Tensor], name: Name) -> dict[str, Tensor]:
    """``block1_conv1/kernel`` (HWIO) -> ``features.0.weight`` (OIHW), and the biases."""
    convolutions = [
        f"block{level}_conv{i}"
        for level, count in enumerate(CONVOLUTIONS[name], 1)
        for i in range(1, count + 1)
    ]
    numbers = [i - 1 for layer, i in VGG(name).index.items() if layer.startswith("relu")]
    renamed = {}
    for key, value in weights.items():
        layer = key.replace(".", "/").split("/")[0]
        if layer in convolutions:
            kernel = value.ndim == 4
            number = numbers[convolutions.index(layer)]
            renamed[f"features.{number}.{'weight' if kernel else 'bias'}"] = (
                value.permute(3, 2, 0, 1).contiguous() if kernel else value
            )
    return renamed
