"""Table 2 of paper B: the protocol reproduces the published bicubic row; folders and refusals."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish.bench import enlarging
from burnish.bench.examples import Wear, examples, load, worn
from burnish.bench.memory import peak_memory
from burnish.bench.published import PUBLISHED
from burnish.cli.bench.enlarging import GREY_IN_SET14
from burnish.data.bicubic import shrink_8bit
from burnish.errors import InputError
from burnish.image.read import read
from burnish.metrics.protocol import super_resolution, to_8bit


def photo(path: Path, seed: int, size: tuple[int, int] = (41, 50)) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    small = np.random.default_rng(seed).integers(0, 255, (7, 9, 3)).astype(np.uint8)
    image = Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC)
    image.save(path)
    return np.asarray(image)


@pytest.mark.parametrize(("name", "grey"), [("Set5", ()), ("Set14", GREY_IN_SET14), ("BSD100", ())])
def test_the_published_bicubic_row(shared: Path, name: str, grey: tuple[str, ...]) -> None:
    """On luma, as the papers made it. Set14's 'bridge' is a grey file there, RGB in this copy."""
    found = examples(shared / "data" / "benchmarks" / name)
    psnr, ssim = PUBLISHED["b2"][name]["bicubic"]
    assert psnr is not None and ssim is not None
    row = enlarging.bicubic_on_luma(found, 2, grey)
    assert row.psnr == pytest.approx(psnr, abs=0.01)
    assert row.ssim == pytest.approx(ssim, abs=2e-4)
    if grey:
        bridge = [e for e in found if e.name in grey]
        colour, plain = (enlarging.bicubic_on_luma(bridge, 2, g).psnr for g in ((), grey))
        assert colour - plain == pytest.approx(20 * np.log10(255 / 219), abs=0.02)
        assert plain == pytest.approx(26.58, abs=0.02)  # what others list for this picture


@pytest.mark.parametrize("name", ["Set5", "BSD100"])
def test_the_bicubic_row_of_the_files(shared: Path, name: str) -> None:
    """From the 8-bit low-resolution files, as every network is scored."""
    found = examples(shared / "data" / "benchmarks" / name)
    psnr, ssim = PUBLISHED["b2"][name]["bicubic"]
    row = enlarging.measure(enlarging.bicubic_contender(2), found, 2)
    assert row.psnr == pytest.approx(psnr, abs=0.03)
    assert row.ssim == pytest.approx(ssim, abs=6e-4)
    assert row.seconds is not None and row.seconds > 0


def test_any_folder_of_photos_is_a_data_set(tmp_path: Path) -> None:
    large = photo(tmp_path / "mine" / "a.png", 0)
    ((name, small, target),) = [(e.name, *load(e, 2)) for e in examples(tmp_path / "mine")]
    cut = large[:40]
    assert name == "a" and target.shape == (40, 50, 3)
    np.testing.assert_array_equal(np.rint(small * 255), shrink_8bit(cut, 2))

    photo(tmp_path / "set" / "HR" / "a.png", 0)
    photo(tmp_path / "set" / "LR" / "a.png", 1, (20, 25))
    (example,) = examples(tmp_path / "set")
    given, _ = load(example, 2)
    assert not np.array_equal(given, small)  # its own file is taken


def test_inputs_as_jpegs_are_what_a_file_holds(tmp_path: Path) -> None:
    photo(tmp_path / "mine" / "a.png", 0)
    clean = examples(tmp_path / "mine")
    small, large = load(clean[0], 2)
    rough, target = load(worn(clean, Wear(jpeg=60))[0], 2)
    Image.fromarray(np.rint(small * 255).astype(np.uint8)).save(
        tmp_path / "a.jpg", quality=60, subsampling="4:2:0"
    )
    np.testing.assert_array_equal(np.rint(rough * 255), np.asarray(Image.open(tmp_path / "a.jpg")))
    np.testing.assert_array_equal(target, large)
    assert 0.002 < float(np.abs(rough - small).mean()) < 0.1


def test_noise_in_inputs_is_as_strong_as_told_and_the_same_each_time(tmp_path: Path) -> None:
    for name in "ab":
        Image.new("RGB", (200, 160), (128, 128, 128)).save(tmp_path / f"{name}.png")
    noisy = worn(examples(tmp_path), Wear(noise=3))
    (a, flat), (b, _) = (load(example, 2) for example in noisy)
    np.testing.assert_array_equal(a, load(noisy[0], 2)[0])
    assert not np.array_equal(a, b) and float(np.ptp(flat)) == 0
    assert float(a.std()) == pytest.approx(0.03, rel=0.03)
    assert abs(float((a - 128 / 255).mean())) < 1e-3
    then = load(worn(noisy, Wear(noise=3, jpeg=50))[0], 2)[0]
    assert float(then.std()) < float(a.std())  # the noise comes first
    assert str(Wear()) == "" and str(Wear(2.5, 75)) == ", noise of 2.5 %, from JPEGs of quality 75"


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    photo(tmp_path / "set" / "HR" / "a.png", 0)
    photo(tmp_path / "set" / "LR" / "b.png", 1, (20, 25))
    with pytest.raises(InputError, match=r"no picture for a\.png"):
        examples(tmp_path / "set")
    photo(tmp_path / "set" / "LR" / "a.png", 1, (21, 25))
    with pytest.raises(InputError, match=r"is not 1/2 of"):
        load(examples(tmp_path / "set")[0], 2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no photos"):
        examples(tmp_path / "empty")
    photo(tmp_path / "mine" / "a.png", 0)
    found = examples(tmp_path / "mine")
    with pytest.raises(InputError, match="no result of theirs for a"):
        enlarging.measure_folder("theirs", tmp_path / "empty", found, 2)
    photo(tmp_path / "tiny" / "a.png", 0, (14, 40))
    with pytest.raises(InputError, match="on a: the picture is too small to be scored"):
        small = examples(tmp_path / "tiny")
        enlarging.measure(enlarging.bicubic_contender(2), small, 2)
    same = enlarging.Contender("same", lambda x: x)
    with pytest.raises(InputError, match=r"same on a: .* differ in size"):
        enlarging.measure(same, found, 2)


def test_the_table_has_measured_and_published_rows(tmp_path: Path) -> None:
    photo(tmp_path / "Set5" / "a.png", 0)
    photo(tmp_path / "theirs" / "a.png", 0, (40, 50))
    found = examples(tmp_path / "Set5")
    nearest = enlarging.Contender("nearest", lambda x: x.repeat(2, 0).repeat(2, 1), 123_456)
    rows = {
        "nearest": {"Set5": enlarging.measure(nearest, found, 2)},
        "theirs": {"Set5": enlarging.measure_folder("theirs", tmp_path / "theirs", found, 2)},
    }
    lines = enlarging.table(rows, {"nearest": 123_456}, {"Set5": 1}, 2).splitlines()
    assert "| nearest | 123,456 |" in lines[2] and "Set5 (1)" in lines[0]
    assert lines[3].startswith("| theirs | - | - | - |")
    assert any(
        x.startswith("| Deep SR-PIE+, published | 0.77 M | 1.85 | - | 38.33/") for x in lines
    )
    assert not any("DPE+IMDN" in x for x in lines)  # nothing is printed of it on this set


def test_results_in_a_folder_are_scored_by_the_same_protocol(tmp_path: Path) -> None:
    photo(tmp_path / "Set5" / "a.png", 0, (40, 50))
    photo(tmp_path / "theirs" / "a.png", 1, (40, 50))
    found = examples(tmp_path / "Set5")
    got = enlarging.measure_folder("theirs", tmp_path / "theirs", found, 2)
    theirs, target = (read(tmp_path / name / "a.png").pixels for name in ("theirs", "Set5"))
    wanted = super_resolution(theirs, target, 2)
    assert (got.psnr, got.ssim) == pytest.approx((wanted.psnr, wanted.ssim))
    assert abs(got.psnr - super_resolution(theirs, target, 0).psnr) > 0.01  # the border counts


def test_alltuu2_is_scored_on_rgb(tmp_path: Path) -> None:
    """The same files as another set: luma there. The published column is that of any spelling."""
    means = {}
    for name in ("Alltuu2", "mine"):
        photo(tmp_path / name / "HR" / "a.png", 0, (40, 50))
        photo(tmp_path / name / "LR" / "a.png", 1, (20, 25))
        found = {name: examples(tmp_path / name)}
        contenders = [enlarging.bicubic_contender(2)]
        rows = enlarging.measure_all(contenders, {"same": tmp_path / name / "HR"}, found, 2)
        means[name] = rows["bicubic"][name]
        lines = enlarging.table(rows, {}, {name: 1}, 2).splitlines()
        published = any(x.endswith("| 29.84/0.9649 |") for x in lines)
        assert published == ("Alltuu2 (1, RGB)" in lines[0]) == (name == "Alltuu2")
        assert rows["same"][name].ssim == pytest.approx(1)
    small, large = load(examples(tmp_path / "mine")[0], 2)
    out = to_8bit(enlarging.bicubic_contender(2).method(small))
    assert means["Alltuu2"].psnr == pytest.approx(-10 * np.log10(((out - large) ** 2).mean()))
    assert means["mine"].psnr == pytest.approx(super_resolution(out, large, 2).psnr)


def test_peak_memory_sees_an_array() -> None:
    with peak_memory() as small:
        np.ones(1)
    with peak_memory() as large:
        np.ones(20_000_000)
    if small.megabytes is None or large.megabytes is None:
        pytest.skip("this system does not tell")
    assert 120 < large.megabytes - small.megabytes < 200
