"""VGG's weights in the user's cache: never downloaded, but put there by `burnish weights add`."""

from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from burnish import cache
from burnish.errors import ModelError, OptionError
from burnish.files import sha256
from burnish.nets.vgg import CONVOLUTIONS, VGG, Name, Preprocessing, measure_rms
from burnish.nets.vgg_files import describe, read_vgg, save_vgg


def cache_folder() -> Path:
    """Where weights that the user added lie: ``weights`` in the cache folder of `cache`.

    Raises:
        OptionError: the user has no home to keep it in.
    """
    folder = cache.cache_folder("weights")
    if folder is None:
        raise OptionError("There is no home folder to keep weights in: set BURNISH_CACHE.")
    return folder


def load_vgg(
    name: Name = "vgg16",
    path: Path | None = None,
    preprocessing: Preprocessing | None = None,
) -> VGG:
    """The extractor with the weights of ``path``, or of the user's cache when that is not given.

    ``preprocessing`` is needed for files that neither say it nor are known.
    """
    if name not in CONVOLUTIONS:
        raise OptionError(f"'{name}' is none of {', '.join(CONVOLUTIONS)}.")
    if path is None:
        path = cache_folder() / f"{name}.safetensors"
        if not path.is_file():
            raise ModelError(
                f"{path} is not there: the perceptual loss needs the weights of {name}, which are "
                f"not downloaded; add a file of them with `burnish weights add {name} FILE`."
            )
    return read_vgg(name, path, preprocessing)


def add_to_cache(
    name: Name,
    path: Path,
    preprocessing: Preprocessing | None = None,
    photos: Iterable[Tensor] | None = None,
) -> Path:
    """Check a file of weights and put its convolutions into the cache; returns where they lie.

    ``photos`` (1,3,H,W): the scales of its features are measured on them and kept beside it.
    """
    target = cache_folder() / f"{name}.safetensors"
    vgg = load_vgg(name, path, preprocessing)
    if photos is not None:
        vgg.rms = measure_rms(vgg, photos)
    save_vgg(vgg, target, sha256(path))
    return target


def describe_cached(name: Name) -> str:
    """What the user's cache holds of a network: preprocessing and where the file came from."""
    path = cache_folder() / f"{name}.safetensors"
    if not path.is_file():
        return f"not there: burnish weights add {name} FILE"
    return describe(path)


def pack_vgg(name: Name, path: Path | None, target: Path) -> None:
    """Copy the weights of ``path`` or of the user's cache, in half precision, to another place.

    The original weights are published in about that precision.
    """
    vgg = load_vgg(name, path)
    save_vgg(vgg.half(), target, sha256(path or cache_folder() / f"{name}.safetensors"))
