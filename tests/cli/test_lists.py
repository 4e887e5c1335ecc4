"""Flags that hold several values."""

import pytest

from burnish.bench.paper_b import b1
from burnish.cli.lists import names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("full", ("full",)),
        ("full,inputs d,b,no HFA_1", ("full", "inputs d,b", "no HFA_1")),
        ("inputs d,b,inputs i,i", ("inputs d,b", "inputs i,i")),
        ("inputs d,x", ("inputs d", "x")),  # told by whoever looks for them
        (",".join(b1().rows), tuple(b1().rows)),
    ],
)
def test_names_may_hold_commas(text: str, found: tuple[str, ...]) -> None:
    assert names(text, b1().rows) == found
