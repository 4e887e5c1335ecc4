"""``--precision bf16 --compile``, as machines with matrix units train."""

import shutil

import pytest
import torch

from burnish.nets.penet import PENet


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile wants a C++ compiler")
def test_penet_learns_compiled_in_bf16() -> None:
    """With a stock padding in it, torch 2.13 stops in the backward pass behind a convolution."""
    torch.manual_seed(0)
    before = torch.nn.Conv2d(3, 16, 3, padding=1)
    net = torch.nn.Sequential(before, PENet(16, (4, 4, 6, 6, 6), 0.0, "matrix"))
    x = torch.rand(2, 3, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        out = torch.compile(net)(x)
    out.float().square().mean().backward()
    assert before.weight.grad is not None and bool(before.weight.grad.isfinite().all())
    assert bool(before.weight.grad.abs().max() > 0)
