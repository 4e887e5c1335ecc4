"""Muon (Jordan et al., 2024): steps as long in every direction that a layer's gradient shows.

A convolution's weights are a matrix, its outputs by all that each of them sums. Adam scales every
number of it by itself; Muon takes the momentum's matrix U S V^T and steps along U V^T, so that
directions which the gradient shows weakly are learned as fast as the loud ones. The step has the
length that Adam's usually has (Liu et al., 2025), so that learning rates need not change.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the iteration that brings singular values near to 1, from Jordan's tuning."""
ROUNDS = 5
MOMENTUM = 0.95
ADAMS_LENGTH = 0.2
"""Root mean square of Adam's usual step, as a share of the learning rate."""
SMALLEST = 16
"""Matrices with fewer rows or columns, and all that is no matrix, are Adam's."""


def orthogonalised(matrices: Tensor) -> Tensor:
    """(N,rows,columns) -> about U V^T of each one's U S V^T, singular values 0.7 to 1.2."""
    a, b, c = QUINTIC
    upright = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if upright else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if upright else x


def is_matrix(parameter: Tensor) -> bool:
    """Whether Muon takes it: the weights of a convolution or of a linear layer, large enough."""
    return parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) >= SMALLEST


class Muon(torch.optim.Optimizer):
    """Muon for a network's matrices, Adam with ``betas`` for its other parameters."""

    def __init__(self, parameters: Iterable[Tensor], lr: float, betas: tuple[float, float]) -> None:
        parameters = list(parameters)
        groups = [
            {"params": [p for p in parameters if is_matrix(p)], "matrices": True},
            {"params": [p for p in parameters if not is_matrix(p)], "matrices": False},
        ]
        super().__init__([g for g in groups if g["params"]], {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of every parameter that has a gradient."""
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.grad is not None]
            if group["matrices"]:
                self._matrices(trained, group["lr"])
            else:
                self._others(trained, group["lr"], *group["betas"])

    def _matrices(self, trained: list[Tensor], rate: float) -> None:
        shapes: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
        for p in trained:
            assert p.grad is not None
            momentum = self._state(p, "momentum")
            momentum.mul_(MOMENTUM).add_(p.grad)
            ahead = (p.grad + MOMENTUM * momentum).reshape(p.shape[0], -1)  # Nesterov
            shapes.setdefault((ahead.shape[0], ahead.shape[1]), []).append((p, ahead))
        for shape, found in shapes.items():  # those of one shape at once
            steps = orthogonalised(torch.stack([ahead for _, ahead in found]))
            for (p, _), step in zip(found, steps, strict=True):
                p.sub_(step.reshape(p.shape), alpha=rate * ADAMS_LENGTH * max(shape) ** 0.5)

    def _others(self, trained: list[Tensor], rate: float, beta1: float, beta2: float) -> None:
        for p in trained:
            assert p.grad is not None
            mean, square = self._state(p, "mean"), self._state(p, "square")
            self.state[p]["step"] = done = self.state[p].get("step", 0) + 1
            mean.lerp_(p.grad, 1 - beta1)
            square.lerp_(p.grad * p.grad, 1 - beta2)
            size = (square / (1 - beta2**done)).sqrt() + 1e-8
            p.addcdiv_(mean, size, value=-rate / (1 - beta1**done))

    def _state(self, p: Tensor, name: str) -> Tensor:
        if name not in self.state[p]:
            self.state[p][name] = torch.zeros_like(p, memory_format=torch.preserve_format)
        found: Tensor = self.state[p][name]
        return found
