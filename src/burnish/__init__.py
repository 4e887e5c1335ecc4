"""burnish: make photos better on a plain CPU. Importing this loads nothing heavy."""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes as long as all else before the command can answer
if TYPE_CHECKING:
    from typing import Any

    from burnish.engine.enhance import enhance
    from burnish.engine.enhancer import Enhancer
    from burnish.engine.options import EnhanceOptions
    from burnish.errors import BurnishError
    from burnish.image.encode import encode
    from burnish.image.photo import Photo
    from burnish.image.read import read
    from burnish.image.write import write

__version__ = "0.1.0"
__all__ = [
    "BurnishError",
    "EnhanceOptions",
    "Enhancer",
    "Photo",
    "__version__",
    "encode",
    "enhance",
    "read",
    "write",
]

_HOMES = {
    "BurnishError": "burnish.errors",
    "EnhanceOptions": "burnish.engine.options",
    "Enhancer": "burnish.engine.enhancer",
    "Photo": "burnish.image.photo",
    "encode": "burnish.image.encode",
    "enhance": "burnish.engine.enhance",
    "read": "burnish.image.read",
    "write": "burnish.image.write",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'burnish' has no attribute '{name}'")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
