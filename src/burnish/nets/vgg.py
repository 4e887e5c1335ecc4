"""VGG16 and VGG-19 (Simonyan and Zisserman 2014): the convolutions, as a fixed feature extractor.

Its weights come from a file that is named (`vgg_files`) or from the user's cache (`vgg_cache`).
Files differ in what their first layer wants to see; `Preprocessing` names it.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from burnish.errors import OptionError

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

# Root mean square of the features after each pool, for the scales of the perceptual losses.
# vgg16 caffe: over 25 photos, as published with the weights. Measured again with `measure_rms`:
# 221.5 527.5 532.9 93.5 8.3 on 25 photos of BSDS500 with a short side of 256, and on 25 of CID22
# 277 699 775 138 9.5. The values rise when a photo is shrunk, those of pool5 most.
RMS: dict[tuple[str, str], tuple[float, ...]] = {
    ("vgg16", "caffe"): (230.0, 547.0, 552.0, 97.0, 8.4),
}


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
        preprocessing: ``caffe`` or ``torchvision``; `read_vgg` turns ``caffe-bgr`` into ``caffe``.
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
