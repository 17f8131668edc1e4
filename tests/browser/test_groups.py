"""The list of classes under their groups: folding by click and by keys, search, selection; runs without accuracies."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import serve
from tests.browser.drive import find_row, list_groups, list_names, open_left, wait_for_rows, wait_for_selection
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser

LAYERS = (("conv1", 12), ("conv2", 16), ("conv3", 20))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """24 classes: four groups of six; class 23 names none, class 1 has no accuracy."""
    options = SyntheticRun(n_classes=24, n_images=20, n_groups=4, ungrouped=(23,), without_accuracy=(1,), layers=LAYERS)
    with serve(write_synthetic_run(tmp_path_factory.mktemp("runs") / "grouped", options)) as address:
        yield address


def find_head(page: Page, name: str) -> Locator:
    return page.locator(".group-head", has=page.get_by_text(name, exact=True))


def read_mean(page: Page, group: str) -> float:
    """Returns the mean top-1 accuracy that a header states, in percent."""
    return float((find_head(page, group).locator(".number").text_content() or "").removesuffix(" %"))


def fold_all(page: Page) -> None:
    page.get_by_role("button", name="Fold all groups").click()
    wait_for_rows(page, 0)


def test_headers_name_their_group_and_fold_by_a_click(page: Page, url: str) -> None:
    open_left(page, url)
    fold_all(page)
    expect(page.locator(".group-head:visible")).to_have_count(5)
    assert list_groups(page)[0] == "dogs 1"
    assert list_groups(page)[-1] == "Other"
    expect(find_head(page, "cats 1")).to_contain_text("6 classes · 120 images")
    expect(find_head(page, "Other")).to_contain_text("1 class · 20 images")
    title = find_head(page, "dogs 1").locator(".number").get_attribute("title") or ""
    assert title.startswith("Mean top-1 accuracy of 5 of 6 classes: ")
    find_head(page, "cats 1").click()
    expect(find_head(page, "cats 1")).to_have_attribute("data-open", "true")
    wait_for_rows(page, 6)
    find_head(page, "cats 1").click()
    expect(find_head(page, "cats 1")).to_have_attribute("data-open", "false")
    wait_for_rows(page, 0)
    page.get_by_role("button", name="Unfold all groups").click()
    expect(page.get_by_role("button", name="Fold all groups")).to_be_visible()


def test_keys_fold_and_unfold(page: Page, url: str) -> None:
    open_left(page, url)
    fold_all(page)
    page.keyboard.press("j")
    first = find_head(page, "dogs 1")
    cursor = page.locator("#class-list .row.cursor")
    expect(cursor).to_have_attribute("data-group", first.get_attribute("data-group") or "")
    expect(page.locator("#class-list")).to_be_focused()
    expect(page.locator("#class-list")).to_have_attribute("aria-activedescendant", first.get_attribute("id") or "")
    for key, expanded in (("ArrowRight", "true"), ("ArrowLeft", "false"), ("Enter", "true"), ("Space", "false")):
        page.keyboard.press(key)
        expect(first).to_have_attribute("data-open", expanded)
        expect(first).to_have_class(re.compile("cursor"))
    page.keyboard.press("ArrowDown")
    expect(first).not_to_have_class(re.compile("cursor"))
    page.keyboard.press("ArrowUp")
    expect(first).to_have_class(re.compile("cursor"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cursor).to_have_attribute("data-class", re.compile("[0-9]"))
    page.keyboard.press("ArrowLeft")
    expect(first).to_have_class(re.compile("cursor"))
    page.keyboard.press("ArrowLeft")
    wait_for_rows(page, 0)


def test_search_unfolds_what_matches_and_leaves_the_rest_as_it_was(page: Page, url: str) -> None:
    open_left(page, url)
    fold_all(page)
    page.locator("#search").fill("white wolf")
    wait_for_rows(page, 2)
    assert set(list_names(page)) == {"white wolf 1", "white wolf 2"}
    expect(page.locator(".group-head:visible")).to_have_count(2)
    expect(find_head(page, "dogs 1")).to_contain_text("1 of 6 classes")
    page.locator("#search").press("Enter")
    wait_for_selection(page, class_id=2)
    page.locator("#search").fill("zzz")
    expect(page.locator("#no-match")).to_contain_text("No class matches “zzz”.")
    page.locator("#search").fill("cats")
    wait_for_rows(page, 6)
    page.locator("#search").fill("")
    expect(page.locator(".group-head[data-open=true]:visible .group-name")).to_have_text(["dogs 1"])


def test_a_selection_unfolds_and_marks_its_group(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=0&sort=accuracy-down")
    fold_all(page)
    page.evaluate("() => window.summitDash.dispatch({class_id: 20})")
    expect(find_head(page, "songbirds 1")).to_have_attribute("data-open", "true")
    expect(find_row(page, 20)).to_be_in_viewport()
    expect(find_row(page, 20)).to_have_attribute("aria-selected", "true")
    expect(find_head(page, "songbirds 1")).to_have_class(re.compile("of-selected"))
    expect(page.locator(".list-pinned")).to_be_hidden()


def test_groups_follow_the_order_and_what_is_unknown_comes_last(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=12")
    expect(page.locator(".group-head:visible").first).to_be_visible()
    fold_all(page)
    assert (list_groups(page)[0], list_groups(page)[-1]) == ("birds of prey 1", "Other")
    for order, sign in (("accuracy-up", 1), ("accuracy-down", -1)):
        page.locator(f"[data-sort={order}]").click()
        expect(page.locator(f"[data-sort={order}]")).to_have_attribute("aria-pressed", "true")
        names = list_groups(page)
        means = [sign * read_mean(page, name) for name in names[:-1]]
        assert means == sorted(means)
        assert names[-1] == "Other"
        find_head(page, "dogs 1").click()
        wait_for_rows(page, 6)
        inside = list_names(page)
        assert inside[-1] == "grey wolf 1"  # the one without an accuracy
        find_head(page, "dogs 1").click()
        wait_for_rows(page, 0)


def test_one_list_again_and_all_is_remembered(page: Page, url: str) -> None:
    open_left(page, url)
    fold_all(page)
    find_head(page, "cats 1").click()
    wait_for_rows(page, 6)
    page.reload()
    expect(find_head(page, "cats 1")).to_have_attribute("data-open", "true")
    expect(find_head(page, "songbirds 1")).to_have_attribute("data-open", "false")
    toggle = page.get_by_role("button", name="Groups", exact=True)
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(page.locator(".group-head:visible")).to_have_count(0)
    expect(page.locator(".list-pinned .name")).to_have_text("red fox 1")
    assert "red fox 1" not in list_names(page)
    page.reload()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".list-pinned .name")).to_have_text("red fox 1")
    expect(page.locator(".group-head:visible")).to_have_count(0)
    toggle.click()
    expect(page.locator(".group-head:visible").first).to_be_visible()


def test_a_point_of_a_folded_class_marks_its_header(page: Page, url: str) -> None:
    open_left(page, url)
    fold_all(page)
    page.evaluate("() => window.summitDash.markRow(8)")
    expect(page.locator("#class-list .row.linked .group-name")).to_have_text("cats 1")
