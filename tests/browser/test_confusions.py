from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from summit_dash.payloads.confusions import build_class_confusions
from summit_dash.payloads.misclassified import build_misclassified
from summit_dash.run.store import RunStore
from tests.browser.conftest import serve
from tests.browser.drive import open_graph, wait_for_selection
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser
LOADED = "() => [...document.querySelectorAll('.wrong-images img')].every((i) => i.complete && i.naturalWidth > 0)"
SMALL = SyntheticRun(n_classes=8, n_images=60, layers=(("conv1", 12), ("conv2", 16)), whole_images=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that holds whole images."""
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "kept", SMALL)


@pytest.fixture(scope="module")
def url(kept: Path) -> Iterator[str]:
    with serve(kept) as address:
        yield address


def test_the_panel_lists_confusions_and_one_click_compares(page: Page, kept: Path, url: str) -> None:
    store = RunStore(kept)
    found = build_class_confusions(store, 2)
    open_graph(page, f"{url}?class=2&panel=class")
    rows = page.locator(".taken-for .bar-row")
    first = found["taken_for"]["class_id"][0]
    expect(rows.first).to_contain_text(store.classes[first].short_name)
    expect(rows.first).to_contain_text(f"{found['taken_for']['count'][0]} of 60")
    expect(rows).to_have_count(min(5, len(found["taken_for"]["class_id"])))
    mistaken = page.locator(".mistaken-for .bar-row").first
    other = found["mistaken_for"]["class_id"][0]
    expect(mistaken).to_contain_text(store.classes[other].short_name)
    mistaken.click()
    wait_for_selection(page, view="compare", vs=other)


def test_the_field_of_the_second_class_offers_confused_classes_first(page: Page, kept: Path, url: str) -> None:
    store = RunStore(kept)
    taken_for = build_class_confusions(store, 2)["taken_for"]
    own, first = store.classes[2].short_name, store.classes[taken_for["class_id"][0]]
    open_graph(page, f"{url}?class=2")
    page.locator("#versus").focus()
    options = page.locator("#versus-list [role=option]")
    expect(options.first).to_contain_text(f"{own} taken for it: {taken_for['count'][0]} of 60")
    expect(options).to_have_count(len(store.classes) - 1)
    page.locator("#versus").fill(first.short_name)
    expect(options.first).to_have_text(first.short_name)
    page.locator("#versus").fill("")
    page.keyboard.press("Enter")
    wait_for_selection(page, view="compare", vs=first.class_id)


def test_misclassified_images_are_shown_with_what_each_was_taken_for(page: Page, kept: Path, url: str) -> None:
    store = RunStore(kept)
    wrong = build_misclassified(store, 2)
    shown = [image for image in wrong["images"] if image["picture"]]
    missing = wrong["n_wrong"] - len(shown)
    open_graph(page, f"{url}?class=2&panel=class")
    gallery = page.locator(".misclassified")
    expect(gallery.locator(".wrong-image")).to_have_count(min(8, len(shown)))
    if missing:
        expect(gallery).to_contain_text(f"{len(shown)} of {wrong['n_wrong']} wrong images have a picture in this run.")
    first = gallery.locator(".wrong-image").first
    taken_for = shown[0]["taken_for"][0]
    expect(first).to_contain_text(store.classes[taken_for].short_name)
    expect(first).to_have_attribute("aria-label", re.compile(re.escape(shown[0]["path"])))
    gallery.scroll_into_view_if_needed()
    page.wait_for_function(LOADED)
    more = gallery.get_by_role("button", name=re.compile(r"^Show all \d+ pictures"))
    if len(shown) > 8:
        more.click()
        expect(gallery.locator(".wrong-image")).to_have_count(len(shown))
        expect(gallery.locator(".wrong-image").nth(8)).to_be_focused()
    first.click()
    large = page.get_by_role("dialog", name="Misclassified images of")
    expect(large).to_contain_text(shown[0]["path"])
    expect(large).to_contain_text(f"1 of {len(shown)}")
    large.get_by_role("button", name="Compare").first.click()
    expect(large).to_have_count(0)
    wait_for_selection(page, view="compare", vs=taken_for)
