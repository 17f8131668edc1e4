"""The list of classes: search, orders, keys, comparison, what is in the document, what is fetched ahead."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from summit_dash.run.similarity import cut_to_thousandths
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_cosine
from tests.browser.drive import find_row, list_names, open_left, wait_for_first_row, wait_for_rows, wait_for_selection
from tests.reference.similarity import compute_similarities

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def rank_by_similarity(store: RunStore, class_id: int, layer: str) -> list[str]:
    """Returns the names of all other classes, the most similar first; ties, to thousandths, in the run's order."""
    values = cut_to_thousandths(compute_similarities(store.read_counts(layer), store.find_row(class_id)))
    ids = list(store.classes)
    return [store.classes[ids[i]].short_name for i in np.argsort(-values, kind="stable") if ids[i] != class_id]


def test_the_list_shows_every_class_by_similarity_and_pins_the_selected_one(
    page: Page, url: str, store: RunStore
) -> None:
    open_left(page, f"{url}?class=3")
    assert list_names(page) == rank_by_similarity(store, 3, "conv5")
    expect(page.locator(".list-pinned .name")).to_have_text("coyote")
    expect(find_row(page, 3)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("listbox", name="Classes").get_by_role("option")).to_have_count(12)
    assert page.locator("#sidebar [aria-setsize='12']:visible").count() == 12


def test_a_layer_brings_its_own_similarities(page: Page, url: str, store: RunStore) -> None:
    open_left(page, f"{url}?class=0&layer=conv2")
    assert list_names(page) == rank_by_similarity(store, 0, "conv2")
    page.evaluate("() => window.summitDash.dispatch({layer: 'conv4'})")
    title = re.compile("^cosine 0\\.[0-9]{2} at conv4$")
    expect(find_row(page, 1).locator(".cell-similarity")).to_have_attribute("title", title)
    assert list_names(page) == rank_by_similarity(store, 0, "conv4")
    value = compute_similarities(store.read_counts("conv4"), 0)[1]
    assert (
        find_row(page, 1).locator(".cell-similarity").get_attribute("title")
        == f"cosine {format_cosine(float(value))} at conv4"
    )


def test_the_orders(page: Page, url: str, store: RunStore) -> None:
    open_left(page, url)
    others = [c for c in store.classes.values() if c.class_id != 0]
    by_accuracy = sorted(others, key=lambda c: c.top1_accuracy or 0)
    keys = {"accuracy-up": by_accuracy[0], "accuracy-down": by_accuracy[-1]}
    for order, first in keys.items():
        page.locator(f"[data-sort={order}]").click()
        wait_for_first_row(page, first.short_name)
        expect(page).to_have_url(re.compile(f"&sort={order}$"))
    page.locator("[data-sort=name]").click()
    wait_for_first_row(page, "coyote")
    assert list_names(page) == sorted(list_names(page))
    page.locator("[data-sort=similarity]").click()
    wait_for_first_row(page, rank_by_similarity(store, 0, "conv5")[0])
    expect(page.locator("[data-sort=similarity]")).to_have_attribute("aria-pressed", "true")


def test_numbers_carry_their_n_and_equal_names_their_mark(page: Page, url: str, store: RunStore) -> None:
    open_left(page, url)
    info = store.classes[4]
    assert info.top1_accuracy is not None
    expect(find_row(page, 4).locator(".mark")).to_have_text(info.synset or "")
    title = find_row(page, 4).locator(".number").get_attribute("title") or ""
    found = re.match(r"Top-1 accuracy: (\d+\.\d) % of 200 images", title)
    assert found
    assert float(found.group(1)) == pytest.approx(100 * info.top1_accuracy, abs=0.051)
    bars = find_row(page, 4).locator("path").get_attribute("d") or ""
    assert bars.count("M") == 20


def test_a_click_selects_and_pins(page: Page, url: str) -> None:
    open_left(page, url)
    find_row(page, 9).click()
    expect(page.locator(".list-pinned .name")).to_have_text("tractor")
    expect(page).to_have_url(re.compile(r"\?class=9&layer=conv5$"))
    assert "tractor" not in list_names(page)


def test_a_row_compares_by_its_button_by_shift_and_by_keys(page: Page, url: str) -> None:
    open_left(page, url)
    find_row(page, 7).hover()
    find_row(page, 7).locator(".row-compare").click()
    wait_for_selection(page, class_id=0, vs=7, view="compare")
    expect(find_row(page, 7).locator(".badge-b")).to_be_visible()
    find_row(page, 5).click(modifiers=["Shift"])
    wait_for_selection(page, class_id=0, vs=5)
    expect(find_row(page, 7).locator(".badge-b")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    cursor = page.locator("#class-list .row.cursor")
    wanted = int(cursor.get_attribute("data-class") or "")
    page.keyboard.press("Shift+Enter")
    wait_for_selection(page, class_id=0, vs=wanted)


def test_search_filters_marks_and_opens(page: Page, url: str) -> None:
    open_left(page, url)
    page.keyboard.press("/")
    search = page.locator("#search")
    expect(search).to_be_focused()
    search.fill("wolf")
    wait_for_rows(page, 3)
    assert set(list_names(page)) == {"grey wolf", "white wolf", "coyote"}  # the prairie wolf
    assert list_names(page)[-1] == "coyote"
    assert find_row(page, 1).locator("mark").all_text_contents() == ["wolf"]
    search.fill("tundrarum")
    wait_for_rows(page, 1)
    search.fill("#9")
    wait_for_rows(page, 1)
    expect(page.locator("#class-list .row.cursor .name")).to_have_text("tractor")
    search.press("Enter")
    wait_for_selection(page, class_id=9)
    search.press("Escape")
    expect(search).to_have_value("")
    wait_for_rows(page, 11)
    search.press("Escape")
    expect(search).not_to_be_focused()


def test_search_forgives_errors_and_arrows_move(page: Page, url: str) -> None:
    open_left(page, url)
    search = page.locator("#search")
    search.fill("wihte wolv")
    wait_for_rows(page, 1)
    assert find_row(page, 2).locator("mark").all_text_contents() == ["white", "wolf"]
    search.fill("wolf")
    wait_for_rows(page, 3)
    names = list_names(page)
    cursor = page.locator("#class-list .row.cursor .name")
    expect(cursor).to_have_text(names[0])
    search.press("ArrowDown")
    expect(cursor).to_have_text(names[1])
    search.press("ArrowUp")
    expect(cursor).to_have_text(names[0])
    expect(search).to_have_attribute("aria-activedescendant", page.locator(".row.cursor").get_attribute("id") or "")


def test_where_nothing_matches_the_nearest_name_is_offered(page: Page, url: str) -> None:
    open_left(page, url)
    page.locator("#search").fill("flammenco")
    message = page.locator("#no-match")
    expect(message).to_contain_text("No class matches “flammenco”.")
    message.get_by_role("button", name="flamingo").click()
    expect(page.locator("#search")).to_have_value("flamingo")
    wait_for_rows(page, 1)
    expect(message).to_be_hidden()
    page.locator("#search").fill("vulpes")
    expect(message).to_have_text("Only the selected class matches “vulpes”.")


def test_keys_move_the_cursor(page: Page, url: str) -> None:
    open_left(page, url)
    names = list_names(page)
    cursor = page.locator("#class-list .row.cursor .name")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(cursor).to_have_text(names[1])
    page.keyboard.press("k")
    expect(cursor).to_have_text(names[0])
    expect(page.locator("#class-list")).to_be_focused()
    page.keyboard.press("End")
    expect(cursor).to_have_text(names[-1])
    page.keyboard.press("Enter")
    expect(page.locator(".list-pinned .name")).to_have_text(names[-1])


def test_a_narrowed_list_says_so_and_is_widened(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=0&only=1,2,5")
    wait_for_rows(page, 3)
    chip = page.locator("#only")
    expect(chip).to_contain_text("3 of 12 classes from the embedding")
    chip.get_by_role("button", name="Show all classes").click()
    expect(chip).to_be_hidden()
    wait_for_rows(page, 11)
    page.evaluate("() => window.summitDash.dispatch({only: [4, 6, 7, 8]})")
    wait_for_rows(page, 4)
    expect(page).to_have_url(re.compile(r"&only=4\.6-8$"))
    page.reload()
    wait_for_rows(page, 4)
    page.locator("#class-list").press("Escape")
    wait_for_rows(page, 11)


def test_a_row_under_the_pointer_fetches_its_class_ahead(page: Page, url: str) -> None:
    open_left(page, url)
    with page.expect_response("**/data/class/6.json*"), page.expect_response("**/thumbnails/6.bin*"):
        find_row(page, 6).hover()
    expect(page.locator("#embedding")).to_have_attribute("data-hover", "6")


def test_a_quick_second_click_wins(page: Page, url: str, store: RunStore) -> None:
    open_left(page, url)
    page.evaluate("() => [3, 9, 5].forEach((id) => window.summitDash.dispatch({class_id: id}))")
    expect(page.locator(".list-pinned .name")).to_have_text("heron")
    wait_for_first_row(page, rank_by_similarity(store, 5, "conv5")[0])
    assert list_names(page) == rank_by_similarity(store, 5, "conv5")
