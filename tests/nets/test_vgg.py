"""VGG's features against a float64 convolution and published values; every kind of weight file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.signal import correlate
from torch import Tensor

from burnish.data.photos import load_rgb
from burnish.errors import ModelError, OptionError
from burnish.nets.vgg import (
    CONVOLUTIONS,
    POOLS,
    RMS,
    VGG,
    Name,
    measure_rms,
    preprocess,
)
from burnish.nets.vgg_cache import add_to_cache, cache_folder, load_vgg

MEAN = np.array([123.68, 116.779, 103.939])[:, None, None]
FILE = "weights/vgg16-conv-imagenet-fp16.safetensors"


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def vgg16() -> VGG:
    torch.manual_seed(0)
    return VGG("vgg16")


@pytest.fixture(scope="module")
def published(shared: Path) -> VGG:
    return load_vgg("vgg16", shared / FILE)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


def convolution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """3x3 with zero padding in float64, (C,H,W) -> (O,H,W)."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    return np.stack(
        [
            correlate(padded, w, mode="valid", method="direct")[0] + b
            for w, b in zip(weight, bias, strict=True)
        ]
    )


def first_level(x: np.ndarray, vgg: VGG) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """relu1_1, relu1_2 and pool1 in float64 from the preprocessed picture (3,H,W)."""
    state = {k: v.double().numpy() for k, v in vgg.state_dict().items()}
    one = convolution(x, state["features.0.weight"], state["features.0.bias"]).clip(0)
    two = convolution(one, state["features.2.weight"], state["features.2.bias"]).clip(0)
    h, w = (s // 2 for s in two.shape[1:])
    pool = two[:, : 2 * h, : 2 * w].reshape(-1, h, 2, w, 2).max((2, 4))
    return one, two, pool


def check_first_level(vgg: VGG, x: Tensor) -> None:
    expected = first_level(x[0].double().numpy() * 255 - MEAN, vgg)
    with torch.no_grad():
        got = vgg(x, ("relu1_1", "relu1_2", "pool1"))
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g[0].numpy(), e, rtol=1e-4, atol=1e-5 * np.abs(e).max())


def test_first_level_equals_a_float64_convolution(vgg16: VGG) -> None:
    check_first_level(vgg16, picture(1, 3, 9, 12))


def test_first_level_with_the_published_weights(published: VGG) -> None:
    assert published.preprocessing == "caffe"  # by its sha256
    check_first_level(published, picture(1, 3, 9, 12))


def test_a_known_file_of_another_net_is_named_as_such(shared: Path) -> None:
    with pytest.raises(ModelError, match=r"is no vgg19: features\.16\.weight is nothing"):
        load_vgg("vgg19", shared / FILE)


def test_all_pools_with_the_published_weights(published: VGG) -> None:
    """Every level in float64 numpy: sliding windows and a matrix product, nothing of torch."""
    picture_ = picture(1, 3, 33, 40)
    x = picture_[0].double().numpy() * 255 - MEAN
    expected = []
    state = {k: v.double().numpy() for k, v in published.state_dict().items()}
    numbers = iter(sorted({int(k.split(".")[1]) for k in state}))
    for count in (2, 2, 3, 3, 3):
        for number in (next(numbers) for _ in range(count)):
            padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
            x = np.einsum(
                "chwij,ocij->ohw", windows, state[f"features.{number}.weight"], optimize=True
            )
            x = (x + state[f"features.{number}.bias"][:, None, None]).clip(0)
        c, h, w = x.shape
        x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2).max((2, 4))
        expected.append(x)
    with torch.no_grad():
        for got, e in zip(published(picture_), expected, strict=True):
            np.testing.assert_allclose(got[0].numpy(), e, rtol=1e-3, atol=1e-5 * e.max())


def test_pool_values_with_the_published_weights(published: VGG, shared: Path) -> None:
    """Published over 25 photos that are not named; others come close at a short side of 256.

    The values depend on the size: the same five at 160 pixels have 11.4 after pool5, not 8.4.
    """
    paths = sorted((shared / "data/photos/bsds400").iterdir())[:5]
    photos = (load_rgb(p, 256)[None].float() / 255 for p in paths)
    for got, expected in zip(measure_rms(published, photos), RMS["vgg16", "caffe"], strict=True):
        assert got == pytest.approx(expected, rel=0.15)


def test_bf16_is_close_and_stays_bf16(published: VGG, shared: Path) -> None:
    low = load_vgg("vgg16", shared / FILE).to(torch.bfloat16)
    x = load_rgb(next((shared / "data/photos/bsds400").iterdir()), 64)[None].float() / 255
    with torch.no_grad():
        for a, b in zip(low(x), published(x), strict=True):
            assert a.dtype == torch.bfloat16
            assert ((a.float() - b).norm() / b.norm()).item() < 0.03


def test_preprocessing() -> None:
    x = picture(2, 3, 4, 5)
    caffe = preprocess(x, "caffe")
    torch.testing.assert_close(caffe[:, 1], x[:, 1] * 255 - 116.779)
    assert preprocess(x, "caffe-bgr").equal(caffe.flip(1))
    torch.testing.assert_close(preprocess(x, "torchvision")[:, 2], (x[:, 2] - 0.406) / 0.225)
    assert preprocess(x.bfloat16(), "caffe").dtype == torch.float32


@pytest.mark.parametrize("name", list(CONVOLUTIONS))
@torch.no_grad()
def test_levels(name: Name) -> None:
    vgg = VGG(name)
    assert len(vgg.features) == sum(CONVOLUTIONS[name]) * 2 + 5
    shapes = [tuple(f.shape) for f in vgg(picture(2, 3, 37, 64))]
    expected = [(2, c, 37 >> i, 64 >> i) for i, c in enumerate((64, 128, 256, 512, 512), 1)]
    assert shapes == expected
    pools = {"vgg16": [4, 9, 16, 23, 30], "vgg19": [4, 9, 18, 27, 36]}  # torchvision's numbering
    assert [vgg.index[p] for p in POOLS] == pools[name]


@torch.no_grad()
def test_any_named_layer_in_any_order(vgg16: VGG) -> None:
    x = picture(1, 3, 32, 32)
    pools = vgg16(x)
    fourth, first = vgg16(x, ("pool4", "pool1"))
    assert fourth.equal(pools[3]) and first.equal(pools[0])
    assert vgg16(picture(1, 3, 8, 8), ("pool1", "relu2_2"))[1].shape == (1, 128, 4, 4)
    with pytest.raises(OptionError, match="vgg16 has no layer 'relu5_4'"):
        vgg16(x, ("relu5_4",))
    with pytest.raises(OptionError, match="at least 32 pixels"):
        vgg16(picture(1, 3, 31, 64))


def test_gradients_reach_the_picture_and_not_the_weights(vgg16: VGG) -> None:
    x = picture(1, 3, 32, 32).requires_grad_()
    sum(f.square().mean() for f in vgg16(x)).backward()  # type: ignore[union-attr]
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().max() > 0
    assert not any(p.requires_grad for p in vgg16.parameters())


def same(a: VGG, b: VGG) -> bool:
    return all(a.state_dict()[k].equal(v) for k, v in b.state_dict().items())


def test_vgg19_state_dict_with_a_classifier(tmp_path: Path) -> None:
    """As torchvision's file: a .pth of everything, the head included."""
    made = VGG("vgg19")
    file = tmp_path / "vgg19.pth"
    torch.save(made.state_dict() | {"classifier.0.weight": torch.zeros(4, 4)}, file)
    loaded = load_vgg("vgg19", file, "torchvision")
    assert same(loaded, made) and loaded.preprocessing == "torchvision"
    assert not loaded.training
    with pytest.raises(
        ModelError, match=r"vgg19\.pth is no vgg16: features\.17\.weight is nothing"
    ):
        load_vgg("vgg16", file, "torchvision")
    with pytest.raises(ModelError, match="name its preprocessing"):
        load_vgg("vgg19", file)


def test_channel_order_and_keras_names(vgg16: VGG, tmp_path: Path) -> None:
    x = picture(1, 3, 8, 8)
    reverse = dict(vgg16.state_dict())
    reverse["features.0.weight"] = reverse["features.0.weight"].flip(1).contiguous()
    file = tmp_path / "bgr.safetensors"
    save_file(reverse, file)
    loaded = load_vgg("vgg16", file, "caffe-bgr")
    assert loaded.preprocessing == "caffe" and loaded(x, ("pool1",))[0].equal(
        vgg16(x, ("pool1",))[0]
    )
    keras, number = {}, iter(i for i, m in enumerate(vgg16.features) if hasattr(m, "weight"))
    for level, count in enumerate(CONVOLUTIONS["vgg16"], 1):
        for i in range(1, count + 1):
            n = next(number)
            kernel = reverse[f"features.{n}.weight"].permute(2, 3, 1, 0).contiguous()
            keras[f"block{level}_conv{i}/kernel"] = kernel
            keras[f"block{level}_conv{i}/bias"] = reverse[f"features.{n}.bias"]
    save_file(keras, file)
    assert same(load_vgg("vgg16", file), vgg16)
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "keras.h5", "w") as made:  # as Keras nests them
        for key, value in keras.items():
            layer, kind = key.split("/")
            made[f"{layer}/{layer}/{kind}:0"] = value.numpy()
    assert same(load_vgg("vgg16", tmp_path / "keras.h5"), vgg16)
    (tmp_path / "noise.h5").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"noise\.h5 cannot be read as a weight file"):
        load_vgg("vgg16", tmp_path / "noise.h5")


def test_cache(vgg16: VGG, tmp_path: Path, cache: Path) -> None:
    assert cache_folder() == cache
    with pytest.raises(ModelError, match=r"cache/weights/vgg16\.safetensors is not there.*add"):
        load_vgg("vgg16")
    file = tmp_path / "mine.pth"
    torch.save(vgg16.state_dict(), file)
    assert add_to_cache("vgg16", file, "torchvision") == cache / "vgg16.safetensors"
    loaded = load_vgg("vgg16")
    assert same(loaded, vgg16) and loaded.preprocessing == "torchvision"  # said by its header
    assert [p.name for p in cache.iterdir()] == ["vgg16.safetensors"]


def test_cache_without_the_override(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BURNISH_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "burnish" / "weights"


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("unpickled"),))  # type: ignore[return-value]


def test_bad_files_are_one_clear_error(vgg16: VGG, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'vgg11' is none of vgg16, vgg19"):
        load_vgg("vgg11", tmp_path)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="cannot be read as a weight file"):
        load_vgg("vgg16", tmp_path / "nowhere.safetensors")
    for name in ("noise.safetensors", "noise.pth"):
        (tmp_path / name).write_bytes(b"no weights at all")
        with pytest.raises(ModelError, match=f"{name} cannot be read as a weight file"):
            load_vgg("vgg16", tmp_path / name)
    torch.save({"features.0.weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(ModelError, match=r"evil\.pth cannot be read .* more than tensors"):
        load_vgg("vgg16", tmp_path / "evil.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ModelError, match="holds no state dict"):
        load_vgg("vgg16", tmp_path / "list.pth")
    save_file({"features.0.weight": torch.zeros(2)}, tmp_path / "short.safetensors")
    with pytest.raises(ModelError, match=r"features\.0\.weight is \(2,\), not \(64, 3, 3, 3\)"):
        load_vgg("vgg16", tmp_path / "short.safetensors", "caffe")
    state = dict(vgg16.state_dict())
    header = {"burnish.vgg": json.dumps({"preprocessing": "mean only"})}
    save_file(state, tmp_path / "odd.safetensors", metadata=header)
    with pytest.raises(ModelError, match="'mean only' is none of caffe"):
        load_vgg("vgg16", tmp_path / "odd.safetensors")
    state["features.2.bias"] = torch.full((64,), torch.nan)
    save_file(state, tmp_path / "nan.safetensors")
    with pytest.raises(ModelError, match="not finite"):
        load_vgg("vgg16", tmp_path / "nan.safetensors", "caffe")
