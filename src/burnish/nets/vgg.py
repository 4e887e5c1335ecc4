"""VGG16 and VGG-19 (Simonyan and Zisserman 2014): the convolutions, as a fixed feature extractor.

Weights are never downloaded: they come from a file that is named, or from the user's cache. Files
differ in what their first layer wants to see; `Preprocessing` names it, and it is taken from the
file's own header, from the table of known files, or from the caller, never guessed.
"""

import hashlib
import json
import os
import pickle
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from burnish.errors import ModelError, OptionError

Name = Literal["vgg16", "vgg19"]
Preprocessing = Literal["caffe", "caffe-bgr", "torchvision"]
"""What a file's first layer takes, made from RGB in [0,1]: ``caffe`` x*255 - mean; ``caffe-bgr``
the same with the channels in reverse; ``torchvision`` (x - mean) / deviation."""

CONVOLUTIONS: dict[Name, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)
POOLS = ("pool1", "pool2", "pool3", "pool4", "pool5")
SMALLEST = 32  # pixels a side that leave one value after five max-pools

CAFFE_MEAN = (123.68, 116.779, 103.939)
TORCHVISION_MEAN, TORCHVISION_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

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

# Root mean square of the features after each pool, for the scales of the perceptual losses.
# vgg16 caffe: over 25 photos, as published with the weights. Measured again with `measure_rms`:
# 221.5 527.5 532.9 93.5 8.3 on 25 photos of BSDS500 with a short side of 256, and on 25 of CID22
# 277 699 775 138 9.5. The values rise when a photo is shrunk, those of pool5 most.
RMS: dict[tuple[str, str], tuple[float, ...]] = {
    ("vgg16", "caffe"): (230.0, 547.0, 552.0, 97.0, 8.4),
}
HEADER = "burnish.vgg"


def preprocess(x: Tensor, kind: Preprocessing) -> Tensor:
    """RGB in [0,1], (N,3,H,W), as the first layer takes it; in float32 or wider."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    match kind:
        case "torchvision":
            mean, deviation = x.new_tensor(TORCHVISION_MEAN), x.new_tensor(TORCHVISION_DEVIATION)
            return (x - mean[:, None, None]) / deviation[:, None, None]
        case "caffe":
            return x * 255 - x.new_tensor(CAFFE_MEAN)[:, None, None]
        case "caffe-bgr":
            return preprocess(x, "caffe").flip(1)


class VGG(nn.Module):
    """The convolution trunk with torchvision's numbering, ``features.N``; its weights stay fixed.

    Args:
        name: how many convolutions each of the five levels has.
        preprocessing: ``caffe`` or ``torchvision``; `load_vgg` turns ``caffe-bgr`` into ``caffe``.
    """

    def __init__(self, name: Name = "vgg16", preprocessing: Preprocessing = "caffe") -> None:
        super().__init__()
        assert preprocessing != "caffe-bgr"
        self.name, self.preprocessing = name, preprocessing
        self.rms = RMS.get((name, preprocessing))
        """Root mean square after each pool over photos, if it is known for these weights."""
        layers: list[nn.Module] = []
        self.index: dict[str, int] = {}
        width = 3
        for level, (count, out) in enumerate(zip(CONVOLUTIONS[name], WIDTHS, strict=True), 1):
            for i in range(count):
                layers += [nn.Conv2d(width, out, 3, padding=1), nn.ReLU()]
                self.index[f"relu{level}_{i + 1}"] = len(layers) - 1
                width = out
            layers.append(nn.MaxPool2d(2))
            self.index[f"pool{level}"] = len(layers) - 1
        self.features = nn.Sequential(*layers)
        self.requires_grad_(False)

    def forward(self, x: Tensor, layers: Sequence[str] = POOLS) -> tuple[Tensor, ...]:
        """Features of ``x`` (N,3,H,W), RGB in [0,1], after the named layers, in the given order.

        Layers are ``pool1`` to ``pool5`` and ``relu1_1`` to ``relu5_3`` or ``relu5_4``. The
        computation has the weights' own precision, but for the preprocessing.
        """
        for layer in layers:
            if layer not in self.index:
                raise OptionError(f"{self.name} has no layer '{layer}'; it has {', '.join(POOLS)}.")
        last = max(self.index[layer] for layer in layers)
        if self.index["pool5"] <= last and min(x.shape[2:]) < SMALLEST:
            raise OptionError(f"Five pools need views of at least {SMALLEST} pixels a side.")
        x = preprocess(x, self.preprocessing).to(self.get_parameter("features.0.weight").dtype)
        wanted = {self.index[layer] for layer in layers}
        found: dict[int, Tensor] = {}
        for i, module in enumerate(list(self.features)[: last + 1]):
            x = module(x)
            if i in wanted:
                found[i] = x
        return tuple(found[self.index[layer]] for layer in layers)


@torch.no_grad()
def measure_rms(vgg: VGG, photos: Iterable[Tensor]) -> tuple[float, ...]:
    """Root mean square of the features after each pool, every photo (1,3,H,W) counting the same."""
    squares = [[f.double().square().mean() for f in vgg(photo)] for photo in photos]
    return tuple(torch.tensor(squares, dtype=torch.float64).mean(0).sqrt().tolist())


def cache_folder() -> Path:
    """Where weights that the user added lie: ``~/.cache/burnish/weights``.

    ``BURNISH_CACHE`` puts the folder ``weights`` elsewhere; so does ``XDG_CACHE_HOME``.
    """
    if chosen := os.environ.get("BURNISH_CACHE"):
        return Path(chosen) / "weights"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "burnish" / "weights"


def load_vgg(
    name: Name = "vgg16",
    path: Path | None = None,
    preprocessing: Preprocessing | None = None,
    dtype: torch.dtype = torch.float32,
) -> VGG:
    """The extractor with the weights of ``path``, or of the user's cache when that is not given.

    Reads safetensors and state dicts (.pth; nothing else in them is unpickled) that number their
    layers as torchvision does, and Keras's names (``block1_conv1``; kernels in its order HWIO),
    also in its own HDF5 files where h5py is installed.
    ``preprocessing`` is needed for files that neither say it nor are known. ``dtype`` bfloat16 is
    for machines with units for it: without, a training step was 60 times slower than in float32.
    """
    if name not in CONVOLUTIONS:
        raise OptionError(f"'{name}' is none of {', '.join(CONVOLUTIONS)}.")
    if path is None:
        path = cache_folder() / f"{name}.safetensors"
        if not path.is_file():
            raise ModelError(
                f"{path} is not there: the perceptual loss needs the weights of {name}, which are "
                f"not downloaded; add a file of them with `burnish weights add {name} FILE`."
            )
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
    return vgg.to(dtype).eval()


def add_to_cache(
    name: Name,
    path: Path,
    preprocessing: Preprocessing | None = None,
    photos: Iterable[Tensor] | None = None,
) -> Path:
    """Check a file of weights and put its convolutions into the cache; returns where they lie.

    ``photos`` (1,3,H,W): the scales of its features are measured on them and kept beside it.
    """
    target = cache_folder() / f"{name}.safetensors"
    target.parent.mkdir(parents=True, exist_ok=True)
    vgg = load_vgg(name, path, preprocessing)
    if photos is not None:
        vgg.rms = measure_rms(vgg, photos)
    save_vgg(vgg, target, _sha256(path))
    return target


def describe_cached(name: Name) -> str:
    """What the user's cache holds of a network: preprocessing and where the file came from."""
    path = cache_folder() / f"{name}.safetensors"
    if not path.is_file():
        return f"not there: burnish weights add {name} FILE"
    about = _header(path, _read(path)[1])
    digest = str(about.get("sha256", ""))
    origin = next((told for s, (_, _, told) in KNOWN_FILES.items() if digest.startswith(s)), "")
    kind = about.get("preprocessing", "of unknown preprocessing")
    scales = ""
    if rms := about.get("rms"):
        scales = ", feature scales " + " ".join(f"{v:.4g}" for v in rms)
    return f"{kind}, {origin or 'a file that is not a known one'}{scales}, sha256 {digest}"


def pack_vgg(name: Name, path: Path | None, target: Path) -> None:
    """Copy the weights of ``path`` or of the user's cache, in half precision, to another place.

    The original weights are published in about that precision.
    """
    vgg = load_vgg(name, path)
    save_vgg(vgg.half(), target, _sha256(path or cache_folder() / f"{name}.safetensors"))


def save_vgg(vgg: VGG, target: Path, sha256: str) -> None:
    """Write a file of our own, whole or not at all; it says its preprocessing and its origin."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    about: dict[str, Any] = {
        "name": vgg.name, "preprocessing": vgg.preprocessing, "sha256": sha256, "rms": vgg.rms
    }  # fmt: skip
    save_file(vgg.state_dict(), partial, metadata={HEADER: json.dumps(about)})
    partial.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    digest = _sha256(path)
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
