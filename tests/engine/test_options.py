"""Options are checked when they are made, and each explains itself."""

from dataclasses import fields
from typing import Any

import pytest

from burnish.engine.options import HELP, EnhanceOptions
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
    ],
)
def test_nonsense_is_refused_by_name(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=option):
        EnhanceOptions(**{option: value})


def test_bounds_are_allowed_and_every_option_has_help() -> None:
    EnhanceOptions(strength=0, threads=0, tile=64)
    assert EnhanceOptions(ensemble=4) == EnhanceOptions(ensemble="4")  # type: ignore[arg-type]
    EnhanceOptions(strength=1.0, precision="bf16", backend="torch")
    assert list(HELP) == [f.name for f in fields(EnhanceOptions)]
    assert all(text.endswith(".") for text in HELP.values())
