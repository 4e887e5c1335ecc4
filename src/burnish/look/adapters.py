"""Few numbers to train on a network whose own weights stay as they are.

Each is a network around another; untrained it gives what that one gives. What is trained of it has
names of its own, the other's weights begin with ``net.``.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from burnish.nets.net import Net

RANK = 4


class Around(Net):
    """A network around another, which wants to know the same of a picture."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net, self.tones, self.halo = net, net.tones, net.halo


class LowRank(Around):
    """Each convolution and matrix W of the network becomes W + B A (LoRA: Hu et al., 2021).

    A convolution is taken as the matrix (its first side, all others). A begins at random, B at 0.
    """

    def __init__(self, net: Net, rank: int = RANK) -> None:
        super().__init__(net)
        self.names = [name for name, w in net.named_parameters() if w.dim() > 1]
        matrices = [net.get_parameter(name).detach().flatten(1) for name in self.names]
        self.b = nn.ParameterList(w.new_zeros(w.shape[0], min(rank, *w.shape)) for w in matrices)
        self.a = nn.ParameterList(
            torch.randn(min(rank, *w.shape), w.shape[1]) / w.shape[1] ** 0.5 for w in matrices
        )

    def weights(self) -> dict[str, Tensor]:
        """The changed weights by their names in the network."""
        own = map(self.net.get_parameter, self.names)
        changed = zip(self.names, own, self.b, self.a, strict=True)
        return {name: w + (b @ a).view_as(w) for name, w, b, a in changed}

    def forward(
        self, x: Tensor, known: Tensor | None = None, sample: Tensor | None = None
    ) -> Tensor:
        """The network with the changed weights."""
        out: Tensor = functional_call(self.net, self.weights(), (x, known, sample))
        return out


class ColourFirst(Around):
    """The network sees, and is told of, the picture after one change of colour for all pictures.

    The change is a polynomial of second degree in R, G, B: a matrix (3,10) that begins as identity.
    """

    def __init__(self, net: Net) -> None:
        super().__init__(net)
        self.colour = nn.Parameter(torch.eye(3, 10))

    def changed(self, x: Tensor) -> Tensor:
        """(N,3,H,W) -> (N,3,H,W)"""
        r, g, b = x.split(1, dim=1)
        terms = [x, r * r, g * g, b * b, r * g, r * b, g * b, torch.ones_like(r)]
        return torch.einsum("ck,nkhw->nchw", self.colour, torch.cat(terms, dim=1))

    def forward(
        self, x: Tensor, known: Tensor | None = None, sample: Tensor | None = None
    ) -> Tensor:
        """``known`` would be of the changed picture."""
        changed = None if sample is None else self.changed(sample)
        out: Tensor = self.net(self.changed(x), known, changed)
        return out
