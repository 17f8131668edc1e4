"""The page as a whole: links, history, keys, themes, windows, and what a screen reader is told."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from summit_dash.run.store import RunStore
from tests.browser.conftest import watch
from tests.browser.drive import (
    click_node,
    find_row,
    go,
    list_nodes,
    open_graph,
    wait_for_drawn,
    wait_for_layer,
    wait_for_selection,
)

pytestmark = pytest.mark.browser

VIEWS = {
    "graph": "?class=3&layer=conv4",
    "compare": "?class=3&vs=2&view=compare&layer=conv4&bars=shown",
    "table": "?class=3&layer=conv4&as=table",
    "channels": "?class=3&view=channels&layer=conv3",
    "confusions": "?class=3&view=confusions",
    "proof": "?class=3&view=proof",
    "about": "?class=3&view=about",
    "nothing": "?class=99",
}
PAPER = "() => getComputedStyle(document.body).backgroundColor"
PAPERS = {"light": "rgb(251, 251, 252)", "dark": "rgb(16, 19, 25)"}
"""The colour of the page by theme."""


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def _wait_for_query(page: Page, query: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(query) + "$"))


def test_the_header_names_the_model_and_counts_the_images(page: Page, url: str) -> None:
    open_graph(page, url)
    expect(page.locator("header")).to_contain_text("SyntheticNet")
    expect(page.locator("header")).to_contain_text("2,400")
    _wait_for_query(page, "?class=0&layer=conv5")


@pytest.mark.usefixtures("new_page")
def test_a_first_view_asks_for_nothing_twice(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_graph(page, url)
    expect(page.locator("#embedding .js-plotly-plot")).to_be_visible()
    assert any(each.endswith("labels.json") for each in asked)
    assert sorted(set(asked)) == sorted(asked)


def test_a_link_shows_the_same_after_a_reload_and_in_another_browser(
    page: Page, url: str, store: RunStore, browser: Browser, words: list[str]
) -> None:
    node = store.graph(5).nodes[3].channel
    link = f"{url}?class=5&vs=6&layer={node.layer}&channel={node.channel}&view=compare&sort=accuracy-up&width=130"
    with browser.new_context(reduced_motion="reduce") as other:
        second = other.new_page()
        watch(second, url, words)
        for each in (page, second):
            each.goto(link)
            for _ in range(2):
                wait_for_drawn(each, 5, 6)
                expect(each.locator("#panel")).to_have_attribute("data-channel", node.channel_id)
                expect(each.locator("[data-sort=accuracy-up]")).to_have_attribute("aria-pressed", "true")
                expect(each.locator("#width")).to_have_value("130")
                assert each.url == link
                each.reload()


def test_a_class_is_opened_by_its_name(page: Page, url: str, store: RunStore) -> None:
    go(page, f"{url}?class={store.classes[7].class_name}&layer=conv3")
    _wait_for_query(page, "?class=7&layer=conv3")


def test_back_and_forward(page: Page, url: str) -> None:
    open_graph(page, url)
    for class_id in (9, 7):
        find_row(page, class_id).click()
        wait_for_drawn(page, class_id)
        _wait_for_query(page, f"?class={class_id}&layer=conv5")
    for step, class_id in (("go_back", 9), ("go_back", 0), ("go_forward", 9)):
        getattr(page, step)()
        wait_for_drawn(page, class_id)
        _wait_for_query(page, f"?class={class_id}&layer=conv5")


def test_u_undoes_and_capital_u_does_again(page: Page, url: str) -> None:
    open_graph(page, url)
    find_row(page, 9).click()
    wait_for_drawn(page, 9)
    page.locator("main").focus()
    page.keyboard.press("u")
    wait_for_drawn(page, 0)
    page.keyboard.press("U")
    wait_for_drawn(page, 9)


def test_an_unknown_run_says_so(page: Page, url: str) -> None:
    open_graph(page, f"{url}?run=nope&class=1")
    expect(page.locator("#notice")).to_contain_text("“nope”")
    expect(page.locator("#notice")).to_contain_text("Showing synthetic.")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?class=1&vs=1", "A comparison takes two different classes. The link says vs=1."),
        ("?class=1&view=nowhere", "The link says view=nowhere. Showing the graph."),
        ("?class=1&pins=conv9-1&expand=conv9", "The link says pins=conv9-1."),
    ],
)
def test_what_a_link_asks_for_in_vain_is_said_until_it_is_mended(page: Page, url: str, query: str, found: str) -> None:
    open_graph(page, url + query)
    expect(page.locator("#notice")).to_contain_text(found)
    find_row(page, 4).click()
    expect(page.locator("#notice")).to_be_empty()


def test_table_layers_examples_and_search_are_in_the_link(page: Page, url: str, store: RunStore) -> None:
    name = store.classes[7].class_name
    node = store.graph(5).nodes[3].channel
    where = f"?class=5&vs=6&layer={node.layer}&channel={node.channel}&view=compare"
    open_graph(page, url + where)
    page.get_by_label("Layers compared").first.click()
    page.get_by_label("As a table").click()
    page.get_by_label("Search the classes").fill(name)
    _wait_for_query(page, f"{where}&as=table&bars=shown&q={name}")
    page.reload()
    wait_for_drawn(page, 5, 6)
    expect(page.locator(".compare-panel")).to_be_visible()
    expect(page.locator(".graph-table table")).to_be_visible()
    expect(page.get_by_label("Search the classes")).to_have_value(name)
    expect(page.locator(".list-space .row[data-class='7']")).to_be_visible()


def test_the_list_of_shortcuts(page: Page, url: str) -> None:
    open_graph(page, url)
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_go_to_finds_classes_channels_layers_and_views(page: Page, url: str) -> None:
    open_graph(page, url)
    field = page.get_by_role("combobox", name="Go to")
    for typed, found in (
        ("pelcan", {"class_id": 7}),
        ("conv3-4", {"channel_layer": "conv3", "channel": 4}),
        ("conv2", {"layer": "conv2"}),
        ("about", {"view": "about"}),
    ):
        page.keyboard.press("Control+k")
        field.fill(typed)
        page.keyboard.press("Enter")
        wait_for_selection(page, **found)
        expect(field).to_have_count(0)
    page.keyboard.press("Control+k")
    field.fill("qqqqqqq")
    expect(page.locator(".palette-none")).to_have_text("Nothing is called “qqqqqqq”.")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)


def test_widths_that_a_person_sets_are_kept(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=3&layer=conv3&channel=5")
    width = "() => [document.querySelector('.left').offsetWidth, document.getElementById('panel').offsetWidth]"
    left, panel = page.evaluate(width)
    for name in ("Width of the left column", "Width of the panel"):
        page.get_by_role("separator", name=name).focus()
        page.keyboard.press("ArrowRight")
    assert page.evaluate(width) == [left + 16, panel - 16]
    expect(page.get_by_role("separator", name="Width of the panel")).to_have_attribute("aria-valuenow", str(panel - 16))
    page.reload()
    expect(page.locator("#panel")).to_be_visible()
    assert page.evaluate(width) == [left + 16, panel - 16]
    page.get_by_role("separator", name="Width of the left column").dblclick()
    assert page.evaluate(width)[0] == left


def test_a_term_leads_to_its_entry_in_the_glossary(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=3&vs=2&view=compare")
    page.locator("#graph .parting .term").click()
    _wait_for_query(page, "&view=about&term=parting-layer")
    expect(page.locator("#about [data-term=parting-layer]")).to_be_focused()


def test_the_dark_theme_is_kept(page: Page, url: str) -> None:
    open_graph(page, url)
    assert page.evaluate(PAPER) == PAPERS["light"]
    page.get_by_role("button", name="Light or dark").click()
    page.wait_for_function(f"() => ({PAPER})() === '{PAPERS['dark']}'")
    page.reload()
    page.wait_for_function(f"() => ({PAPER})() === '{PAPERS['dark']}'")


def test_about_leads_into_the_views(page: Page, url: str) -> None:
    go(page, f"{url}?class=3&view=about")
    closest = page.locator("#about-tour a").nth(1)
    expect(closest).to_have_attribute("href", re.compile(r"view=compare"))
    closest.click()
    wait_for_selection(page, view="compare")
    page.go_back()
    wait_for_selection(page, view="about", class_id=3)


@pytest.mark.parametrize("view", list(VIEWS))
def test_axe_finds_nothing_serious(page: Page, url: str, view: str) -> None:
    go(page, url + VIEWS[view])
    page.wait_for_function("() => window.summitDash && summitDash.selection")
    if view in ("graph", "compare"):
        wait_for_drawn(page, *((3, 2) if view == "compare" else (3,)))
        click_node(page, list_nodes(page)[0])
        expect(page.locator("#panel[data-channel]")).to_be_visible()
    else:
        part = f"#{view} > *, .graph-empty > *, .graph-table > table"
        expect(page.locator(part).locator("visible=true").first).to_be_visible()
    wait_for_layer(page, page.evaluate("() => summitDash.selection.layer"))
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    for theme in ("light", "dark"):
        if theme == "dark":
            page.get_by_role("button", name="Light or dark").click()
        page.wait_for_function(f"() => ({PAPER})() === '{PAPERS[theme]}'")
        options = {"runOnly": ["color-contrast"]} if theme == "dark" else {}  # the other rules see no colours
        violations = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
        serious = [
            f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in violations if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], theme


@pytest.mark.parametrize("view", list(VIEWS))
def test_nothing_sticks_out_of_a_small_window(page: Page, url: str, view: str) -> None:
    for width, height in ((1024, 768), (720, 450)):  # small, and zoomed to 200 %
        page.set_viewport_size({"width": width, "height": height})
        go(page, url + VIEWS[view])
        page.wait_for_function("() => window.summitDash && summitDash.selection")
        expect(page.locator("header")).to_contain_text("SyntheticNet")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert page.evaluate("() => document.documentElement.scrollHeight") <= height
        for part in ("header", "main"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= width
