"""Windows of a tablet, and of a laptop at 200 %: the left column is a bar, and nothing lies over anything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drive import find_row, open_graph, wait_for_drawn

pytestmark = pytest.mark.browser

SIZES = {"tablet": (820, 1180), "200 percent": (720, 450)}


@pytest.fixture(params=SIZES)
def small(page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = SIZES[request.param]
    page.set_viewport_size({"width": width, "height": height})
    yield page


def test_the_heading_is_legible_and_the_column_opens_over_the_page(small: Page, url: str) -> None:
    open_graph(small, f"{url}?class=0")
    wait_for_drawn(small, 0)
    name = small.evaluate("() => summitDash.run.classById.get(0).name")
    parts = [small.locator("#graph .graph-bar").get_by_text(name, exact=True), small.locator("#versus")]
    boxes = [part.bounding_box() for part in parts]
    assert all(boxes), "name of the class and choice of a second one are there"
    (left, right) = (box for box in boxes if box)
    assert left["x"] + left["width"] <= right["x"], "they do not overlap"
    assert right["x"] + right["width"] <= (small.viewport_size or {})["width"]
    expect(small.locator(".left")).to_be_hidden()
    small.get_by_label("Classes", exact=True).first.click()
    expect(small.locator("#search")).to_be_focused()
    find_row(small, 3).click()
    wait_for_drawn(small, 3)
    expect(small.locator(".left")).to_be_hidden()
    small.keyboard.press("/")
    expect(small.locator("#search")).to_be_focused()
    small.keyboard.press("Escape")
    small.locator(".left-bar button").first.focus()
    small.keyboard.press("Escape")
    expect(small.locator(".left")).to_be_hidden()


def test_help_fits_and_scrolls(small: Page, url: str) -> None:
    open_graph(small, f"{url}?class=0")
    small.keyboard.press("?")
    card = small.locator(".help-card")
    box = card.bounding_box()
    size = small.viewport_size or {}
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]
    last = card.locator("> div").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
