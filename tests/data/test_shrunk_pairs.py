"""Pairs that grow: small views equal the photo shrunk whole, repeat by seed, are rough if asked."""

import numpy as np
import pytest
import torch

from burnish.data.bicubic import shrink_8bit
from burnish.data.degrade import luma
from burnish.data.photos import Pyramid
from burnish.data.shrunk_pairs import (
    BicubicPairs,
    JointPairs,
    fixed_bicubic,
    fixed_joint,
    roughen,
    shrink_batch,
)


def photos(*sizes: tuple[int, int]) -> list[Pyramid]:
    made = []
    for seed, (height, width) in enumerate(sizes or ((90, 120), (70, 64))):
        coarse = torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(seed))
        fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
        noise = torch.rand(fine.shape, generator=torch.Generator().manual_seed(seed)) - 0.5
        made.append(Pyramid(((fine + 0.1 * noise).clamp(0, 1) * 255)[0].to(torch.uint8)))
    return made


def test_a_view_is_a_part_of_the_photo_shrunk_whole() -> None:
    """The kernel's reach is cut with the view: no border runs around each training picture."""
    photo = photos((80, 80))
    whole = photo[0].levels[0].permute(1, 2, 0).numpy()
    low, high = BicubicPairs(photo, 0).batch(0, range(6), 16)
    assert low.shape == (6, 3, 16, 16) and high.shape == (6, 3, 32, 32)
    found = 0
    for small, large in zip(low, high, strict=True):
        target = (large.permute(1, 2, 0) * 255).round().byte().numpy()
        for v in (1, -1):
            for h in (1, -1):
                straight, little = target[::v, ::h], small.numpy()[:, ::v, ::h]
                for top in range(0, 49):
                    for left in range(0, 49):
                        if not np.array_equal(whole[top : top + 32, left : left + 32], straight):
                            continue
                        found += 1
                        shifted = shrink_8bit(whole[top % 2 :, left % 2 :][:78, :78], 2)
                        y, x = top // 2, left // 2
                        part = shifted[y : y + 16, x : x + 16]
                        gap = part.transpose(2, 0, 1) - 255 * little
                        assert np.abs(gap).max() < 1.01  # rounding after the rows depends on flips
    assert found == 6


def test_views_are_flipped_along_both_axes() -> None:
    """Of a ramp every orientation comes."""
    ramp = 2 * torch.arange(40)[:, None] + torch.arange(50)[None]
    photo = Pyramid(ramp.expand(3, -1, -1).to(torch.uint8).contiguous())
    low, high = BicubicPairs([photo], 0).batch(0, range(40), 12)
    for views in (low, high):
        down, right = views[:, 0, -1, 0] > views[:, 0, 0, 0], views[:, 0, 0, -1] > views[:, 0, 0, 0]
        ways = set(zip(down.tolist(), right.tolist(), strict=True))
        assert ways == {(a, b) for a in (True, False) for b in (True, False)}


def test_batches_repeat_and_views_do_not_depend_on_their_company() -> None:
    for source in (BicubicPairs(photos(), 3, mild=True), JointPairs(photos(), 3)):
        low, high, *_ = source.batch(7, range(4), 16)
        again = source.batch(7, range(4), 16)
        part = source.batch(7, [2], 16)
        assert torch.equal(low, again[0]) and torch.equal(high, again[1])
        torch.testing.assert_close(low[2:3], part[0], atol=1 / 255, rtol=0)
        assert torch.equal(high[2:3], part[1])
        assert not torch.equal(source.batch(8, range(4), 16)[1], high)
        assert low.min() >= 0 and low.max() <= 1 and high.shape == (4, 3, 32, 32)


def test_mild_pairs_have_the_same_targets_and_rougher_inputs() -> None:
    clean = BicubicPairs(photos(), 0).batch(0, range(40), 24)
    mild = BicubicPairs(photos(), 0, mild=True).batch(0, range(40), 24)
    assert torch.equal(clean[1], mild[1])
    changed = (clean[0] - mild[0]).abs().amax((1, 2, 3)) > 0
    assert 0.5 < changed.float().mean() < 0.9
    assert 0.002 < (clean[0] - mild[0])[changed].abs().mean() < 0.05


def test_roughening_keeps_the_picture() -> None:
    x = photos((64, 64))[0].levels[0].permute(1, 2, 0).numpy()
    outs = [roughen(x, np.random.default_rng(seed)) for seed in range(12)]
    for out in outs:
        assert out.shape == x.shape and out.dtype == np.uint8
        assert abs(out.mean() - x.mean()) < 3
    assert len({out.tobytes() for out in outs}) > 8


def test_joint_inputs_are_the_targets_halved_where_nothing_was_done() -> None:
    low, high, _ = JointPairs(photos((200, 220)), 1).batch(0, range(24), 24)
    gaps = (shrink_batch(high, 2) - low).abs().mean((1, 2, 3))
    assert (gaps < 1e-6).any() and (gaps > 0.05).any()  # finished draws, and retouched ones
    flat = luma(low).expand_as(low)
    grey = (low - flat).abs().amax((1, 2, 3)) < 1e-3
    assert torch.equal(grey, (high - luma(high).expand_as(high)).abs().amax((1, 2, 3)) < 1e-3)


def test_joint_pairs_are_flipped_along_both_axes() -> None:
    """A photo whose red grows to the right and whose green grows downwards."""
    ramp = torch.linspace(60, 180, 200)
    photo = torch.stack([ramp.expand(200, 200), ramp[:, None].expand(200, 200)])
    photo = torch.cat([photo, photo.new_full((1, 200, 200), 120)]).to(torch.uint8)
    low, high, _ = JointPairs([Pyramid(photo)], 0).batch(0, range(40), 16)
    seen = set()
    for view in [*low, *high]:
        red, green = view[0] - view[2], view[1] - view[2]
        if red.abs().max() < 0.05:  # made grey
            continue
        right = red[:, -1].mean() > red[:, 0].mean()
        down = green[-1].mean() > green[0].mean()
        seen.add((len(view[0]), bool(right), bool(down)))
    assert len(seen) == 8  # all four, of inputs and of targets


def test_joint_views_at_the_photos_own_scale_lie_in_the_part_that_is_sampled() -> None:
    """A photo whose red tells the column, whose green the row, where nothing was done."""
    rows, columns = torch.meshgrid(torch.arange(200), torch.arange(250), indexing="ij")
    photo = torch.stack([columns, rows, rows]).to(torch.uint8)
    source = JointPairs([Pyramid(photo)], 2, own_scale=1.0)
    low, high, sample = source.batch(0, range(60), 16)
    found = 0
    for small, large, whole in zip(low, high, sample, strict=True):
        if (shrink_batch(large[None], 2)[0] - small).abs().max() > 1e-6:
            continue  # retouched, so that its colours tell nothing
        steps = (large[:2, 1:, 1:] - large[:2, :-1, :-1]).abs() * 255
        torch.testing.assert_close(steps, torch.ones_like(steps), atol=1e-3, rtol=0)  # not shrunk
        found += 1
        for channel in (0, 1):
            inside = whole[channel].amin() - 0.02, whole[channel].amax() + 0.02
            assert inside[0] <= large[channel].amin() and large[channel].amax() <= inside[1]
            assert 255 * (inside[1] - inside[0]) > 0.35 * 200 * 0.8
    assert found >= 5


@pytest.mark.parametrize("size", [(40, 50), (50, 40), (31, 200)])
def test_photos_smaller_than_a_view_are_enlarged_to_it(size: tuple[int, int]) -> None:
    source = JointPairs(photos(size), 2, own_scale=1.0)
    for step in range(4):
        low, high, _ = source.batch(step, range(8 * step, 8 * step + 8), 32)
        assert low.shape == (8, 3, 32, 32) and high.shape == (8, 3, 64, 64)
        assert float(high.std()) > 0.02


def test_joint_targets_in_other_finishes() -> None:
    made = [JointPairs(photos(), 3, vary_finish=vary).batch(0, range(8), 16) for vary in (0, 1)]
    # Means of luma: views are flipped and made grey by other draws.
    gaps = (luma(made[0][1]).mean((1, 2, 3)) - luma(made[1][1]).mean((1, 2, 3))).abs()
    assert gaps.mean() > 0.005 and gaps.max() < 0.15


@pytest.mark.parametrize("size", [24, 200])
def test_validation_views_are_fixed(size: int) -> None:
    for kind, low, high in fixed_bicubic(photos(), size):
        assert kind == "sr" and high.shape[-1] == 2 * low.shape[-1] <= 2 * size
        eight = (high[0].permute(1, 2, 0) * 255).round().byte().numpy()
        expected = shrink_8bit(eight, 2).transpose(2, 0, 1) / 255
        np.testing.assert_allclose(low[0].numpy(), expected, atol=1e-6)
    first, again = (fixed_joint(photos(), 24) for _ in range(2))
    assert [k for k, *_ in first] == ["full", "mild"]
    assert all(
        torch.equal(a, b)
        for x, y in zip(first, again, strict=True)
        for a, b in zip(x[1:], y[1:], strict=True)
    )
