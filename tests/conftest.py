"""What all tests share: where the photos for scoring lie, and hypothesis without time limits."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine must not fail a property; the same examples each run keep the suite repeatable.
settings.register_profile("burnish", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("burnish")

SHARED = Path(
    os.environ.get("BURNISH_SHARED") or Path(__file__).resolve().parent.parent.parent / "shared"
)
WITHOUT_SHARED = (
    f"no photos for scoring at {SHARED}: put the folder 'shared' beside the checkout, "
    "or point BURNISH_SHARED at it"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes the fixture ``shared``, and skip what is marked when the folder is absent."""
    for item in items:
        if "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
        if item.get_closest_marker("shared") and not (SHARED / "data").is_dir():
            item.add_marker(pytest.mark.skip(reason=WITHOUT_SHARED))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder that holds ``data/photos``, ``data/retouch-val`` and the rest."""
    if not (SHARED / "data").is_dir():
        pytest.skip(WITHOUT_SHARED)
    return SHARED
