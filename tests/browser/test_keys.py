"""The keyboard, the palette and links: what is reached in a few strokes, and where the focus is afterwards."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drive import find_row, open_graph, wait_for_drawn, wait_for_selection

pytestmark = pytest.mark.browser


def test_help_and_palette_give_the_focus_back(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    for key, opened in (("?", "#help"), ("Control+k", "#palette")):
        page.locator("#tabs [data-view=graph]").focus()
        page.keyboard.press(key)
        expect(page.locator(opened)).to_be_visible()
        expect(page.locator("#tabs [data-view=graph]")).not_to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(opened)).to_be_hidden()
        expect(page.locator("#tabs [data-view=graph]")).to_be_focused()


def test_control_z_undoes_and_does_again_outside_of_fields(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    find_row(page, 3).click()
    wait_for_drawn(page, 3)
    page.locator("#search").focus()
    page.keyboard.press("Control+z")
    wait_for_selection(page, class_id=3)
    page.locator("#tabs [data-view=graph]").focus()
    page.keyboard.press("Control+z")
    wait_for_drawn(page, 0)
    page.keyboard.press("Control+Shift+Z")
    wait_for_drawn(page, 3)


@pytest.mark.usefixtures("new_page")
def test_skip_links_come_first_and_groups_are_one_stop(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&layer=conv4")
    page.keyboard.press("Tab")
    expect(page.locator("[data-skip=search]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => Boolean(document.activeElement.closest('#graph'))")
    strip = page.locator("#layer-strip [data-layer]")
    assert strip.evaluate_all(
        "(all) => all.filter((each) => each.tabIndex === 0).map((each) => each.dataset.layer)"
    ) == ["conv4"]
    page.locator("#layer-strip [data-layer=conv4]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#layer-strip [data-layer=conv5]")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_selection(page, layer="conv5")


def test_header_tools_and_headings_of_the_list_are_one_stop_each(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&sort=name")
    stops = "(group) => [...group.querySelectorAll('button, .term')].filter((each) => each.tabIndex === 0).length"
    for group in (".header-buttons", ".list-tools", ".list-heads", "#tabs"):
        assert page.locator(group).evaluate(stops) == 1, group
    page.locator("#sorts [data-sort=name]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#sorts [data-sort=accuracy-down]")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    wait_for_selection(page, sort="similarity")


def test_the_palette_compares_two_names_and_does_what_it_is_told(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    names = page.evaluate("() => [3, 9].map((id) => summitDash.run.classById.get(id).name)")
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill(" ".join(names))
    expect(page.locator("#palette [role=option]").first).to_have_text(f"Compare{names[0]} with {names[1]}")
    page.keyboard.press("Enter")
    wait_for_drawn(page, 3, 9)
    expect(page).to_have_title(re.compile(f"^{names[0]} vs {names[1]} · synthetic · "))
    before = page.evaluate("() => document.documentElement.dataset.theme")
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill("dark")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.documentElement.dataset.theme") != before


def test_the_link_of_a_view_is_copied(page: Page, url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_graph(page, f"{url}?class=2&layer=conv3")
    page.get_by_label("Copy a link to this view").click()
    expect(page.locator(".said")).to_have_text("Link copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url


def test_the_focus_goes_back_after_the_second_class_is_chosen(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    page.locator("#tabs [data-view=graph]").focus()
    page.keyboard.press("c")
    expect(page.locator("#versus")).to_be_focused()
    page.keyboard.type(page.evaluate("() => summitDash.run.classById.get(3).name"))
    page.keyboard.press("Enter")
    wait_for_selection(page, class_id=0, vs=3, view="compare")
    expect(page.locator("#tabs [data-view=graph]")).to_be_focused()


def test_the_focus_goes_to_the_graph_where_the_field_was_reached_by_tab(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    page.locator("#versus").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for_selection(page, view="compare")
    page.wait_for_function("() => document.activeElement.closest('#graph')")


def test_a_button_that_is_drawn_again_keeps_the_focus(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=3&view=compare")
    swap = page.get_by_label("Swap A and B")
    swap.focus()
    page.keyboard.press("Enter")
    wait_for_drawn(page, 3, 0)
    expect(swap).to_be_focused()
