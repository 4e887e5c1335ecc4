"""Options are checked when they are made, and each explains itself."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("strength", -0.01),
        ("strength", 1.01),
        ("strength", float("nan")),
        ("precision", "f16"),
        ("backend", "tensorrt"),
        ("threads", -1),
        ("tile", 63),
        ("ensemble", 5),
        ("ensemble", True),
        ("budget", -1),
        ("budget", float("nan")),
        ("scale", 5),
        ("strength", "0.5"),
        ("strength", None),
        ("budget", "10"),
        ("threads", None),
        ("threads", 1.5),
        ("tile", "512"),
        ("scale", "2"),
        ("task", ["sr"]),
        ("model", None),
        ("model", 3),
        ("look", None),
        ("look", b"my.look"),
    ],
)
def test_nonsense_is_refused_by_name(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=option):
        EnhanceOptions(**{option: value})


def test_bounds_are_allowed_and_every_option_has_help() -> None:
    EnhanceOptions(strength=0, threads=0, tile=64)
    assert EnhanceOptions(ensemble=4) == EnhanceOptions(ensemble="4")  # type: ignore[arg-type]
    EnhanceOptions(strength=1.0, precision="bf16", backend="torch")
    EnhanceOptions(strength=np.float32(0.5), threads=np.int64(2))  # type: ignore[arg-type]
    assert EnhanceOptions(look=Path("my.look")) == EnhanceOptions(look="my.look")  # type: ignore[arg-type]
    assert all(f.metadata["help"].endswith(".") for f in fields(EnhanceOptions))
