"""MS-SSIM of Zhao et al. against windows summed one by one in numpy, and scikit-image's SSIM."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from burnish.losses.ms_ssim import SIGMAS, Place, ms_ssim, ms_ssim_loss

Array = np.ndarray


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_hand(x: Array, y: Array, row: int, column: int) -> float:
    """One channel, (H,W) each, at one pixel: weighted statistics under each window."""
    rows, columns = np.mgrid[: x.shape[0], : x.shape[1]]
    out = 1.0
    for sigma in (0.5, 1, 2, 4, 8):
        w = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))
        w /= w.sum()
        mx, my = (w * x).sum(), (w * y).sum()
        sxx, syy = (w * (x - mx) ** 2).sum(), (w * (y - my) ** 2).sum()
        sxy = (w * (x - mx) * (y - my)).sum()
        out *= (2 * sxy + 0.0009) / (sxx + syy + 0.0009)
    return float(out * (2 * mx * my + 0.0001) / (mx**2 + my**2 + 0.0001))


@pytest.mark.parametrize(("height", "width"), [(12, 9), (1, 1), (33, 40)])
def test_equals_the_definition(height: int, width: int) -> None:
    x = random(2, 3, height, width)
    y = (x + 0.2 * (random(2, 3, height, width, seed=1) - 0.5)).clamp(0, 1)
    got, centre = ms_ssim(x, y), ms_ssim(x, y, "centre")
    assert got.shape == x.shape and centre.shape == (2, 3, 1, 1)
    torch.testing.assert_close(centre[..., 0, 0], got[..., height // 2, width // 2])
    for n, c in np.ndindex(2, 3):
        a, b = x[n, c].numpy(), y[n, c].numpy()
        for row, column in {(0, 0), (height // 2, width // 2), (height - 1, width // 3)}:
            expected = by_hand(a, b, row, column)
            assert got[n, c, row, column].item() == pytest.approx(expected, abs=1e-10)
    single = ms_ssim(x.float(), y.float())
    torch.testing.assert_close(single.double(), got, atol=2e-3, rtol=1e-3)


def test_one_window_is_plain_ssim() -> None:
    """At one width, off the border, it is what scikit-image computes (its windows are cut)."""
    x = random(1, 1, 48, 48)
    y = (x + 0.3 * random(1, 1, 48, 48, seed=1)).clamp(0, 1)
    _, expected = structural_similarity(
        x[0, 0].numpy(), y[0, 0].numpy(), data_range=1.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    got = ms_ssim(x, y, sigmas=(1.5,))[0, 0].numpy()
    np.testing.assert_allclose(got[12:-12, 12:-12], expected[12:-12, 12:-12], atol=2e-4)
    assert SIGMAS == (0.5, 1.0, 2.0, 4.0, 8.0)


@pytest.mark.parametrize("place", ["centre", "mean"])
def test_distance(place: Place) -> None:
    x = random(2, 3, 24, 24)
    assert ms_ssim_loss(x, x, place).item() == pytest.approx(0, abs=1e-12)
    noise = random(2, 3, 24, 24, seed=1) - 0.5
    losses = [ms_ssim_loss(x + amount * noise, x, place).item() for amount in (0.02, 0.1, 0.5)]
    assert losses == sorted(losses) and losses[0] > 0


def test_at_the_centre_the_gradient_lives_near_it() -> None:
    y = random(1, 1, 65, 65, seed=1)
    shares = {}
    for place in ("centre", "mean"):
        x = random(1, 1, 65, 65).requires_grad_()
        ms_ssim_loss(x, y, place).backward()  # type: ignore[arg-type]
        assert x.grad is not None
        g = x.grad.abs()[0, 0]
        shares[place] = (g[16:49, 16:49].sum() / g.sum()).item()
    assert shares["centre"] > 0.9 > 0.5 > shares["mean"]


@pytest.mark.parametrize("place", ["centre", "mean"])
def test_gradcheck(place: Place) -> None:
    x, y = random(2, 1, 6, 5).requires_grad_(), random(2, 1, 6, 5, seed=1)
    assert torch.autograd.gradcheck(lambda v: ms_ssim_loss(v, y, place), (x,))


def test_low_precision_is_computed_in_float32() -> None:
    x, y = random(1, 3, 16, 16).bfloat16(), random(1, 3, 16, 16, seed=1).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        got = ms_ssim_loss(x, y)
    torch.testing.assert_close(got, ms_ssim_loss(x.float(), y.float()))
