"""The page in a real browser when there is much to do, and when something gets lost."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .conftest import Open, noise


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.fromarray(noise(60, 80, number)).save(path)
    return paths


def test_the_photo_looked_at_comes_before_the_strip(open_page: Open, photos: list[Path]) -> None:
    """Small pictures wait for the preview, come one by one, and go on where one cannot be made."""
    page = open_page()
    previews: list[Any] = []
    small: list[Any] = []
    page.route("**/preview?*", lambda route: previews.append(route))
    page.route("**/view?size=208*", lambda route: small.append(route))
    page.set_input_files("#files", photos)
    for number in range(3):
        page.wait_for_selector(f"#film li.ready:nth-child({number + 1})")
    page.wait_for_timeout(500)
    assert previews and not small
    page.unroute("**/preview?*")
    for route in previews:
        route.continue_()
    for number in range(3):
        while not small:
            page.wait_for_timeout(20)
        page.wait_for_timeout(100)
        (route,) = small
        small.clear()
        if number == 1:
            route.fulfill(status=422, json={"error": "It cannot be decoded."})
        else:
            route.continue_()
    page.wait_for_selector(":nth-match(#film img, 2)")
