"""burnish: make photos better on a plain CPU. Importing this loads nothing heavy."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from burnish.engine.enhancer import Enhancer
    from burnish.engine.options import EnhanceOptions
    from burnish.image.photo import Photo
    from burnish.image.read import read
    from burnish.image.write import write

__version__ = "0.1.0"
__all__ = ["EnhanceOptions", "Enhancer", "Photo", "__version__", "read", "write"]

_HOMES = {
    "Enhancer": "burnish.engine.enhancer",
    "EnhanceOptions": "burnish.engine.options",
    "Photo": "burnish.image.photo",
    "read": "burnish.image.read",
    "write": "burnish.image.write",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'burnish' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
