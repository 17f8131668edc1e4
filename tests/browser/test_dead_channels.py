"""A run with two channels of conv5 that were found dead; a dead channel is shown by its best dataset example."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve
from tests.browser.drive import go
from tests.browser.drive_channels import find_tile, open_panel, open_wall
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser
SPEC = SyntheticRun(n_classes=4, picture_size=16, excitations=True, found_dead=[("conv5", 3), ("conv5", 7)])
REASON = "dead: the objective never rose above its start; no picture"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(write_synthetic_run(tmp_path_factory.mktemp("runs") / "dead", SPEC)) as address:
        yield address


@pytest.fixture(scope="module")
def bare_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the same run without dataset examples."""
    run = write_synthetic_run(tmp_path_factory.mktemp("runs") / "bare", SPEC)
    (run / "dataset_examples.parquet").unlink()
    with serve(run) as address:
        yield address


def test_the_panel_says_why_there_is_no_picture(page: Page, url: str) -> None:
    panel = open_panel(page, f"{url}?class=1&layer=conv5&channel=3", "conv5-3")
    expect(panel.locator(".identity-facts")).to_contain_text(REASON)
    expect(panel.locator(".portrait-frame .caption")).to_have_text("example, visualization dead")
    panel = open_panel(page, f"{url}?class=1&layer=conv5&channel=5", "conv5-5")
    expect(panel.locator(".identity-facts")).not_to_contain_text("dead")
    expect(panel.locator(".identity-facts")).to_contain_text("picture 1.3 times as strong as the best image")


def test_the_wall_flags_it(page: Page, url: str) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv5&order=number", "conv5")
    expect(find_tile(page, "conv5-3").locator(".tile-flag")).to_have_text("undrawable")
    expect(find_tile(page, "conv5-3")).to_have_attribute("aria-label", r"conv5-3, undrawable, Used by 4 of 4 classes")
    expect(find_tile(page, "conv5-2").locator(".tile-flag")).to_have_count(0)
    counts = page.locator(".picture-count")
    expect(counts).to_have_text("41 pictures, 26 stronger than any image, 2 undrawable")


@pytest.mark.usefixtures("new_page")
def test_without_examples_the_place_is_flagged(page: Page, bare_url: str, words: list[str]) -> None:
    panel = open_panel(page, f"{bare_url}?class=1&layer=conv5&channel=3", "conv5-3")
    expect(panel.locator(".portrait-frame .caption")).to_have_text("dead: no picture")
    open_wall(page, f"{bare_url}?view=channels&layer=conv5&order=number", "conv5")
    expect(find_tile(page, "conv5-3").locator(".picture.bare")).to_be_visible()
    expect(find_tile(page, "conv5-3").locator(".tile-flag")).to_have_text("undrawable")
    assert all(word.startswith(f"outside: {bare_url}") for word in words)  # another address than the other tests'
    words.clear()


def test_about_counts_pictures_and_dead_channels_of_every_layer(page: Page, url: str) -> None:
    go(page, f"{url}?class=1&view=about")
    table = page.locator("#about-pictures table")
    expect(table.locator("tbody tr")).to_have_count(5)
    heads = table.locator("thead th").all_text_contents()
    cells = table.locator("tbody tr").last.locator("th, td").all_text_contents()
    assert dict(zip(heads, cells, strict=True)) == {
        "Layer": "conv5",
        "Channels": "48",
        "Pictures": "41",
        "Stronger than any image": "26 of 41",
        "Dead": "2",
    }
