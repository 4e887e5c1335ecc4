"""The loss of JPEG compression on whole batches: DCT, quantisation, back (ITU-T T.81, annex K)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_LUMA = """
16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55
14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92
49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99"""
_CHROMA = """
17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99
24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99
99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99"""
_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def _table(text: str) -> list[list[float]]:
    values = [float(v) for v in text.split()]
    return [values[i : i + 8] for i in range(0, 64, 8)]


def _dct() -> Tensor:
    k = torch.arange(8.0)
    d = torch.cos((2 * k[None] + 1) * k[:, None] * math.pi / 16) / 2
    d[0] /= math.sqrt(2)
    return d  # orthonormal, rows are frequencies


def _coded(plane: Tensor, table: Tensor) -> Tensor:
    """Through the DCT and back, (N,C,H,W) with sides that divide by 8; steps (N,C,8,8)."""
    n, c, height, width = plane.shape
    d, step = _dct().to(plane), table[:, :, None, None]
    blocks = plane.reshape(n, c, height // 8, 8, width // 8, 8).transpose(3, 4)  # (N,C,hb,wb,8,8)
    blocks = d.T @ ((d @ blocks @ d.T / step).round() * step) @ d
    return blocks.transpose(3, 4).reshape(plane.shape)


def jpeg(
    x: Tensor, quality: Tensor, halved: bool = False, corner: tuple[int, int] = (0, 0)
) -> Tensor:
    """Compress and decompress, (N,3,H,W) RGB in [0,1].

    Args:
        quality: (N,), libjpeg's, 1 to 100.
        halved: chroma at half the size (4:2:0), enlarged again as libjpeg does, by a triangle.
        corner: where in a block the picture begins, (row, column): it may be a part of another.
    """
    top, left = corner
    multiple, (h, w) = 16 if halved else 8, x.shape[-2:]
    around = (left, -(left + w) % multiple, top, -(top + h) % multiple)
    padded = F.pad(x, around, mode="replicate")
    ycc = torch.einsum("ij,njhw->nihw", x.new_tensor(_YCC), padded) * 255
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    tables = x.new_tensor([_table(_LUMA), _table(_CHROMA), _table(_CHROMA)])
    steps = (tables * scale[:, None, None, None]).round().clamp(1, 255)  # (N,3,8,8)
    light = _coded(ycc[:, :1] - 128, steps[:, :1]) + 128
    chroma = F.avg_pool2d(ycc[:, 1:], 2) if halved else ycc[:, 1:]
    chroma = _coded(chroma, steps[:, 1:])
    if halved:
        chroma = F.interpolate(chroma, scale_factor=2, mode="bilinear")
    back = torch.linalg.inv(x.new_tensor(_YCC, dtype=torch.float64)).to(x)
    rgb = torch.einsum("ij,njhw->nihw", back, torch.cat([light, chroma], 1)) / 255
    return rgb[..., top : top + h, left : left + w].clamp(0, 1)
