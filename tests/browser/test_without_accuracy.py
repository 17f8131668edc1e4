"""A run whose labels are not the model's outputs: no accuracy anywhere, and said as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serve
from tests.browser.drive import open_graph, open_left
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser

TIP = "The labels are not the model's outputs, so there is no accuracy."


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    options = SyntheticRun(
        n_classes=16, n_images=20, n_groups=4, labels_are_outputs=False, layers=(("conv1", 12), ("conv2", 16))
    )
    with serve(write_synthetic_run(tmp_path_factory.mktemp("runs") / "bare", options)) as address:
        yield address


@pytest.mark.parametrize("link", ["?class=2", "?class=2&vs=9&view=compare", "?class=2&layer=conv2&channel=3"])
def test_no_number_is_for_none(page: Page, url: str, link: str) -> None:
    open_graph(page, url + link)
    expect(page.locator("#graph .graph-bar")).to_contain_text("no accuracy")
    assert not re.search(r"NaN|None(?! recorded)|null|undefined", page.locator("body").inner_text())
    assert "%" not in page.locator(".left").inner_text() + page.locator("#graph .graph-bar").inner_text()


def test_the_list_has_dashes_that_say_why(page: Page, url: str) -> None:
    open_left(page, url)
    cells = page.locator("#class-list .row[data-class]:visible .number")
    expect(cells.first).to_have_text("–")
    assert {cell.get_attribute("title") for cell in cells.all()} == {TIP}
    expect(page.locator(".group-head:visible .number").first).to_have_text("–")
    expect(page.locator(".list-heads")).to_contain_text("Top-1")
    expect(page.locator(".list-heads")).not_to_contain_text("Probability")
    assert not re.search(r"NaN|None|null|undefined|%", page.locator(".left").inner_text())


def test_orders_by_accuracy_cannot_be_chosen_and_say_why(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=2&sort=accuracy-down")
    expect(page.locator("[data-sort=similarity]")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"\?class=2&layer=conv2$"))
    order = page.locator("[data-sort=accuracy-up]")
    expect(order).to_have_attribute("aria-disabled", "true")
    order.hover()
    expect(page.locator(".tip")).to_have_text(TIP)
    order.click(force=True)
    expect(order).to_have_attribute("aria-pressed", "false")


def test_colours_by_accuracy_cannot_be_chosen_and_say_why(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=2&color=accuracy")
    expect(page.locator(".embedding-legend")).to_be_hidden()
    page.get_by_role("button", name="Colour of the points").click()
    item = page.get_by_role("menuitemradio", name="Top-1 accuracy")
    expect(item).to_have_attribute("aria-disabled", "true")
    expect(item).to_have_attribute("data-tip", TIP)


def test_the_panel_of_a_class_says_why_it_has_no_confusions(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=2&panel=class")
    expect(page.locator(".confusions-of-class")).to_contain_text("labels of this run are not the model's outputs")
    expect(page.locator(".misclassified")).to_be_empty()
