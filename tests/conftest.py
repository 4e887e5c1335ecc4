"""What all tests share: where the photos for scoring lie, a folder that nobody may enter, and
hypothesis without time limits.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
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


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder without any permission, in which lies a photo's name; root is held to it too."""
    folder = tmp_path / "locked"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "x.jpg").touch()
    folder.chmod(0)
    before = effective_capabilities(0xFFFFFFFF & ~0b110)  # neither DAC_OVERRIDE nor DAC_READ_SEARCH
    try:
        try:
            (folder / "sub").stat()
        except PermissionError:
            yield folder
        else:
            pytest.skip("this user may enter any folder")
    finally:
        effective_capabilities(before)
        folder.chmod(0o700)


def effective_capabilities(low: int) -> int:
    """Keep of this thread's first 32 capabilities those of the mask; what it had. Linux only."""
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3; this thread
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the upper halves
    assert libc.capget(header, sets) == 0
    had, sets[0] = sets[0], low & sets[1]
    assert libc.capset(header, sets) == 0
    return had
