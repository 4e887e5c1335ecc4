"""`burnish weights`: files that burnish neither ships nor downloads, put where it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from burnish.errors import MissingExtraError, OptionError

EPILOG = (
    "Example: burnish weights add vgg16 vgg16-397923af.pth --photos photos. Reads torchvision's "
    "files, Keras's and Caffe's order of layers and channels, and safetensors; nothing is "
    "unpickled but tensors."
)


def command(
    what: Annotated[str, typer.Argument(help="add, or list what is there.")],
    name: Annotated[str | None, typer.Argument(metavar="[vgg16|vgg19]")] = None,
    file: Annotated[Path | None, typer.Argument(help="File of weights.")] = None,
    preprocessing: Annotated[
        str | None,
        typer.Option(
            help="What the first layer takes, for files that do not say it: "
            "caffe (RGB x255 - mean), caffe-bgr, or torchvision."
        ),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Folder of photos on which to measure the scales of the features (at most 25 are "
            "read); only the original VGG16's are known."
        ),
    ] = None,
) -> None:
    """Check a file of VGG's weights and keep its convolutions in the user's cache."""
    try:
        from burnish.nets import vgg, vgg_cache
    except ModuleNotFoundError as error:
        raise MissingExtraError("Reading weights", "train") from error
    if what == "list":
        for known in vgg.CONVOLUTIONS:
            print(f"{known}  {vgg_cache.describe_cached(known)}")
        return
    if what != "add":
        raise OptionError(f"There is no 'burnish weights {what}'; choose add or list.")
    names = {known: known for known in vgg.CONVOLUTIONS}
    if name not in names or file is None:
        raise OptionError("Give a name and a file: burnish weights add vgg16 FILE (or vgg19).")
    kinds = {kind: kind for kind in get_args(vgg.Preprocessing)}
    if preprocessing is not None and preprocessing not in kinds:
        raise OptionError(f"--preprocessing is one of {', '.join(kinds)}, not '{preprocessing}'.")
    views = None
    if photos is not None:
        from burnish.data.photos import list_photos, load_rgb

        chosen = list_photos([photos])[:25]
        views = (load_rgb(path, 256)[None].float() / 255 for path in chosen)
    target = vgg_cache.add_to_cache(names[name], file, kinds.get(preprocessing or ""), views)
    print(f"{name}  {vgg_cache.describe_cached(names[name])}")
    print(f"Kept in {target}.")
