"""The loss of JPEG compression on whole batches: DCT, quantisation, back (ITU-T T.81, annex K)."""

import math

import torch
from torch import Tensor

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


def jpeg(x: Tensor, quality: Tensor) -> Tensor:
    """Compress and decompress without chroma subsampling, (N,3,H,W) RGB in [0,1].

    ``quality`` (N,) is libjpeg's, 1 to 100.
    """
    n, _, h, w = x.shape
    padded = torch.nn.functional.pad(x, (0, -w % 8, 0, -h % 8), mode="replicate")
    hb, wb = padded.shape[2] // 8, padded.shape[3] // 8
    ycc = torch.einsum("ij,njhw->nihw", x.new_tensor(_YCC), padded) * 255
    ycc[:, 0] -= 128
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    tables = x.new_tensor([_table(_LUMA), _table(_CHROMA), _table(_CHROMA)])
    step = (
        (tables * scale[:, None, None, None]).round().clamp(1, 255)[:, :, None, None]
    )  # (N,3,1,1,8,8)
    d = _dct().to(x)
    blocks = ycc.reshape(n, 3, hb, 8, wb, 8).transpose(3, 4)  # (N,3,hb,wb,8,8)
    blocks = d.T @ ((d @ blocks @ d.T / step).round() * step) @ d
    ycc = blocks.transpose(3, 4).reshape(padded.shape)
    ycc[:, 0] += 128
    back = torch.linalg.inv(x.new_tensor(_YCC, dtype=torch.float64)).to(x)
    rgb = torch.einsum("ij,njhw->nihw", back, ycc) / 255
    return rgb[..., :h, :w].clamp(0, 1)
