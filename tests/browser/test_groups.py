"""The list of classes under their groups: folding by click and by keys, search, selection; runs without accuracies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.canvas import open_page, rows, wait_until
from tests.browser.conftest import serve
from tests.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser

LAYERS = (("conv1", 12), ("conv2", 16), ("conv3", 20))
REASON = "a softmax lies between conv2 and conv3"
LINKS = [
    {"target": "conv2", "sources": ["conv1"], "influence": "traced", "reason": None},
    {"target": "conv3", "sources": ["conv2"], "influence": "gradient", "reason": REASON},
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """24 classes: four groups of six; class 23 names none, class 1 has no accuracy."""
    options = SyntheticRun(
        n_classes=24, n_images=20, n_groups=4, ungrouped=(23,), without_accuracy=(1,), layers=LAYERS, links=LINKS
    )
    with serve(write_synthetic_run(tmp_path_factory.mktemp("runs") / "grouped", options)) as address:
        yield address


def head(page: Page, name: str) -> Locator:
    return page.locator(".group-head", has=page.get_by_text(name, exact=True))


def heads(page: Page) -> list[str]:
    """Names of the headers on the screen, from the top."""
    script = """() => [...document.querySelectorAll('#class-grid .ag-full-width-container .ag-row')]
      .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
      .map((row) => row.querySelector('.group-name').textContent)"""
    found: list[str] = page.evaluate(script)
    return found


def wait_for_rows(page: Page, n: int) -> None:
    expect(page.locator("#class-grid .ag-center-cols-container .ag-row")).to_have_count(n)


def mean_of(page: Page, group: str) -> float:
    """The mean top-1 accuracy that a header states, in percent."""
    return float((head(page, group).locator(".number").text_content() or "").removesuffix(" %"))


def fold_all(page: Page) -> None:
    page.get_by_role("button", name="Fold all groups").click()
    wait_for_rows(page, 0)


def test_headers_name_their_group_and_fold_by_a_click(page: Page, url: str) -> None:
    open_page(page, url)
    fold_all(page)
    expect(page.locator(".group-head")).to_have_count(5)
    assert heads(page)[0] == "dogs 1"
    assert heads(page)[-1] == "Other"
    expect(head(page, "cats 1")).to_contain_text("6 classes · 120 images")
    expect(head(page, "Other")).to_contain_text("1 class · 20 images")
    title = head(page, "dogs 1").locator(".number").get_attribute("title") or ""
    assert title.startswith("Mean top-1 accuracy of 5 of 6 classes: ")
    head(page, "cats 1").click()
    expect(head(page, "cats 1")).to_have_attribute("aria-expanded", "true")
    wait_for_rows(page, 6)
    head(page, "cats 1").click()
    expect(head(page, "cats 1")).to_have_attribute("aria-expanded", "false")
    wait_for_rows(page, 0)
    page.get_by_role("button", name="Unfold all groups").click()
    expect(page.get_by_role("button", name="Fold all groups")).to_be_visible()


def test_keys_fold_and_unfold(page: Page, url: str) -> None:
    open_page(page, url)
    fold_all(page)
    page.locator("main").click(position={"x": 300, "y": 10})
    page.keyboard.press("j")
    first = head(page, "dogs 1")
    expect(first).to_be_focused()
    for key, expanded in (("ArrowRight", "true"), ("ArrowLeft", "false"), ("Enter", "true"), ("Space", "false")):
        page.keyboard.press(key)
        expect(first).to_have_attribute("aria-expanded", expanded)
        expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(first).not_to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    wait_until(page, "() => document.querySelector('#class-grid .ag-center-cols-container .ag-row.cursor')")
    page.keyboard.press("ArrowLeft")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    wait_for_rows(page, 0)


def test_search_unfolds_what_matches_and_leaves_the_rest_as_it_was(page: Page, url: str) -> None:
    open_page(page, url)
    fold_all(page)
    page.locator("#search").fill("white wolf")
    wait_for_rows(page, 2)
    assert set(rows(page)) == {"white wolf 1", "white wolf 2"}
    expect(page.locator(".group-head")).to_have_count(2)
    expect(head(page, "dogs 1")).to_contain_text("1 of 6 classes")
    page.locator("#search").press("Enter")
    expect(page.locator("#graph-bar h1 .name")).to_have_text("white wolf 1")
    page.locator("#search").fill("zebra")
    expect(page.locator("#no-match")).to_have_text("No class matches “zebra”.")
    page.locator("#search").fill("cats")
    wait_for_rows(page, 6)
    page.locator("#search").fill("")
    expect(page.locator(".group-head[aria-expanded=true] .group-name")).to_have_text(["dogs 1"])


def test_a_selection_unfolds_and_marks_its_group(page: Page, url: str) -> None:
    open_page(page, f"{url}?class=0&sort=accuracy-down")
    fold_all(page)
    page.evaluate("() => window.summitDash.dispatch({class_id: 20})")
    expect(page.locator("#graph-bar h1 .name")).to_have_text("crane 2")
    expect(head(page, "songbirds 1")).to_have_attribute("aria-expanded", "true")
    current = page.locator("#class-grid .ag-center-cols-container .ag-row[row-id='20']")
    expect(current).to_be_in_viewport()
    expect(current.locator("[aria-current=true]")).to_have_count(1)
    expect(page.locator("#class-grid .ag-floating-top .ag-row")).to_have_count(0)


def test_groups_follow_the_order_and_what_is_unknown_comes_last(page: Page, url: str) -> None:
    open_page(page, f"{url}?class=12")
    expect(page.locator(".group-head").first).to_be_visible()
    fold_all(page)
    assert (heads(page)[0], heads(page)[-1]) == ("birds of prey 1", "Other")
    for order, sign in (("accuracy-up", 1), ("accuracy-down", -1)):
        page.locator(f"[data-sort={order}]").click()
        expect(page.locator(f"[data-sort={order}]")).to_have_attribute("aria-pressed", "true")
        names = heads(page)
        means = [sign * mean_of(page, name) for name in names[:-1]]
        assert means == sorted(means)
        assert names[-1] == "Other"
        head(page, "dogs 1").click()
        wait_for_rows(page, 6)
        inside = rows(page)
        assert inside[-1] == "grey wolf 1"  # the one without an accuracy
        head(page, "dogs 1").click()
        wait_for_rows(page, 0)


def test_one_list_again_and_all_is_remembered(page: Page, url: str) -> None:
    open_page(page, url)
    fold_all(page)
    head(page, "cats 1").click()
    wait_for_rows(page, 6)
    page.reload()
    expect(head(page, "cats 1")).to_have_attribute("aria-expanded", "true")
    expect(head(page, "songbirds 1")).to_have_attribute("aria-expanded", "false")
    toggle = page.get_by_role("button", name="Groups", exact=True)
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(page.locator(".group-head")).to_have_count(0)
    expect(page.locator("#class-grid .ag-floating-top .name")).to_have_text("red fox 1")
    assert "red fox 1" not in rows(page)
    page.reload()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#class-grid .ag-floating-top .name")).to_have_text("red fox 1")
    expect(page.locator(".group-head")).to_have_count(0)
    toggle.click()
    expect(page.locator(".group-head").first).to_be_visible()


def test_a_point_of_a_folded_class_marks_its_header(page: Page, url: str) -> None:
    open_page(page, url)
    fold_all(page)
    page.evaluate("() => window.summitDash.markRow(8)")
    expect(page.locator("#class-grid .ag-row.linked .group-name")).to_have_text("cats 1")


def test_the_measure_of_influence_is_named_with_its_reason(page: Page, url: str) -> None:
    open_page(page, f"{url}?class=0&layer=conv3&channel=3")
    expect(page.locator("#graph-rows .measure")).to_have_text("gradient, traced")
    measure = page.locator("#panel .measure").first
    expect(measure).to_have_text("gradient")
    measure.hover()
    expect(page.locator(".tip")).to_contain_text(f"Why: {REASON}.")
