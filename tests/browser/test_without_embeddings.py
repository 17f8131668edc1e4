"""A run before its stage of embeddings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve
from tests.browser.drive import find_row, open_left, wait_for_selection

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("runs") / "bare"
    shutil.copytree(run_path, path)
    (path / "embeddings.parquet").unlink()
    with serve(path) as address:
        yield address


def test_it_says_how_to_make_them_and_the_list_is_there(page: Page, url: str) -> None:
    open_left(page, url)
    empty = page.locator(".embedding-empty")
    expect(empty.locator(".empty-found")).to_contain_text("embeddings")
    expect(empty.locator(".empty-do")).not_to_be_empty()
    expect(page.locator("[data-embedding=lasso]")).to_be_hidden()
    page.keyboard.press("l")
    page.evaluate("() => window.summitDash.dispatch({layer: 'conv2'})")
    find_row(page, 5).click()
    wait_for_selection(page, class_id=5, layer="conv2")
    expect(empty.locator(".empty-do")).to_be_visible()
