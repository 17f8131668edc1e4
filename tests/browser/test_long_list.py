"""A list of hundreds of classes: what of it is in the document, and in the embedding."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve
from tests.browser.drive import open_left
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """300 classes without groups."""
    options = SyntheticRun(n_classes=300, n_images=20, ungrouped=range(300), layers=(("conv1", 6), ("conv2", 8)))
    with serve(write_synthetic_run(tmp_path_factory.mktemp("runs") / "long", options)) as address:
        yield address


def test_only_what_is_in_view_is_in_the_document(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=0&sort=name")
    count = "() => document.querySelectorAll('#class-list .row').length"
    assert page.evaluate(count) < 40
    page.locator("#class-list").evaluate("(list) => (list.scrollTop = 150 * 34)")
    expect(page.locator("#class-list [aria-posinset='155']")).to_be_visible()
    assert page.evaluate(count) < 60
    names = page.locator("#class-list .list-space").evaluate("(e) => e.offsetHeight")
    assert names == 299 * 34
    page.keyboard.press("j")
    page.keyboard.press("End")
    expect(page.locator("#class-list [aria-posinset='300']")).to_be_in_viewport()


def test_rows_in_view_stand_out_in_the_embedding(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=0")
    shown = "() => [...window.summitDash.embedding.plot.highlighted].length"
    assert 5 < page.evaluate(shown) < 40
