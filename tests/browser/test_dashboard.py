from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from summit_dash.comparison import compare
from summit_dash.similarity import similarity_to
from summit_dash.store import RunStore
from tests.browser.canvas import (
    click_point,
    nodes,
    open_page,
    rows,
    tap,
    wait_for_graph,
    wait_until,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def channel_ids(store: RunStore, class_id: int) -> list[str]:
    return [node.at.channel_id for node in store.graph(class_id).nodes]


def query(page: Page, expected: str) -> None:
    """Waits for the address to end in the query."""
    expect(page).to_have_url(re.compile(re.escape(expected) + "$"))


def wait_for_order(page: Page, store: RunStore, layer: str) -> None:
    """Waits until the list is sorted by similarity to class 0 at the layer."""
    similar = similarity_to(store.counts(layer), 0)
    names = [store.classes[int(c)].short_name for c in np.argsort(-similar) if c != 0][:4]
    script = """(names) => names.every((name, i) =>
      document.querySelector(`#class-grid .ag-center-cols-container [row-index="${i}"] .name`)?.textContent === name)"""
    wait_until(page, script, names)


def test_search_filters_and_tells_when_nothing_matches(page: Page, url: str) -> None:
    open_page(page, url)
    page.locator("#search").fill("wolf")
    wait_until(page, "() => document.querySelectorAll('#class-grid .ag-center-cols-container .ag-row').length === 3")
    assert set(rows(page)) == {"grey wolf", "white wolf", "coyote"}  # the prairie wolf
    page.locator("#search").fill("tundrarum")
    wait_until(page, "() => document.querySelectorAll('#class-grid .ag-center-cols-container .ag-row').length === 1")
    page.locator("#search").fill("zebra")
    expect(page.locator("#no-match")).to_have_text("No class matches “zebra”.")
    page.locator("#search").fill("")
    expect(page.locator("#no-match")).to_be_hidden()


def test_the_three_orders(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    others = [c for c in store.classes.values() if c.class_id != 0]
    by_accuracy = sorted(others, key=lambda c: c.top1_accuracy or 0)
    page.locator("[data-sort=accuracy-up]").click()
    first = "() => document.querySelector('.ag-center-cols-container [row-index=\"0\"] .name')?.textContent"
    wait_until(page, f"(name) => ({first})() === name", by_accuracy[0].short_name)
    page.locator("[data-sort=accuracy-down]").click()
    wait_until(page, f"(name) => ({first})() === name", by_accuracy[-1].short_name)
    query(page, "&sort=accuracy-down")
    page.locator("[data-sort=similarity]").click()
    expect(page.locator("[data-sort=similarity]")).to_have_attribute("aria-pressed", "true")
    wait_until(page, f"(names) => names.includes(({first})())", ["grey wolf", "white wolf", "coyote"])


def test_a_click_on_a_row_selects_and_pins_the_class(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    page.locator("#class-grid .ag-center-cols-container .ag-row", has_text="tractor").click()
    wait_for_graph(page, channel_ids(store, 9))
    expect(page.locator("#class-grid .ag-floating-top .name")).to_have_text("tractor")
    query(page, "?class=9&layer=conv5")


def test_a_click_on_a_point_selects_the_class(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    click_point(page, 6)
    wait_for_graph(page, channel_ids(store, 6))
    expect(page.locator("#graph-bar h1")).to_have_text("flamingo")


def test_the_layer_moves_the_points(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    x = "() => document.querySelector('#embedding .js-plotly-plot')?.data?.[0]?.x?.[3]"
    for layer in ("conv2", "conv4"):
        page.locator(f"#layer-strip [data-layer={layer}]").click()
        wait_until(page, f"(x) => Math.abs(({x})() - x) < 1e-4", store.embedding(layer)[3][0])
        expect(page.locator(f"#layer-strip [data-layer={layer}]")).to_have_attribute("aria-pressed", "true")
    query(page, "?class=0&layer=conv4")


def test_a_point_under_the_pointer_marks_its_row_and_back(page: Page, url: str) -> None:
    open_page(page, url)
    wait_until(page, "() => document.querySelector('#embedding .js-plotly-plot')?.dataset.bound")
    page.evaluate(
        "() => document.querySelector('#embedding .js-plotly-plot').emit('plotly_hover', {points: [{customdata: 3}]})"
    )
    expect(page.locator("#class-grid .ag-row.linked .name").first).to_have_text("coyote")
    page.locator("#class-grid .ag-center-cols-container .ag-row", has_text="heron").hover()
    expect(page.locator("#embedding-label")).to_have_text("heron")


def test_zoom_and_reset_of_the_embedding(page: Page, url: str) -> None:
    open_page(page, url)
    wait_until(page, "() => document.querySelector('#embedding .js-plotly-plot')?.data?.[0]?.x?.length === 12")
    span = "() => ((r) => r[1] - r[0])(document.querySelector('#embedding .js-plotly-plot').layout.xaxis.range)"
    before = page.evaluate(span)
    page.locator("[data-embedding=in]").click()
    wait_until(page, f"(s) => ({span})() < s * 0.7", before)
    page.locator("[data-embedding=reset]").click()
    wait_until(page, f"(s) => Math.abs(({span})() - s) < 1e-6", before)


def test_a_click_on_a_node_opens_its_panel(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    node = store.graph(0).nodes[-1].at
    tap(page, node.channel_id)
    panel = page.locator("#panel")
    expect(panel.locator("h2")).to_have_text(node.channel_id)
    expect(panel.locator(".examples img")).to_have_count(10)
    expect(panel).to_contain_text(f"{store.n_graphs_with(node)} of 12")
    for section in ("Strongest sources", "Strongest targets", "Classes that use it most"):
        expect(panel.locator("h3", has_text=section)).to_be_visible()
    wait_until(
        page, "() => [...document.querySelectorAll('#panel img')].every((i) => i.complete && i.naturalWidth > 0)"
    )
    query(page, f"?class=0&layer={node.layer}&channel={node.channel}")
    assert nodes(page, ".chosen") == [node.channel_id]
    panel.locator(".rows .bar-row").first.click()
    expect(panel.locator("h2")).not_to_have_text(node.channel_id)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_class_of_the_panel_is_selected_by_a_click(page: Page, url: str, store: RunStore) -> None:
    open_page(page, f"{url}?class=0&layer=conv5&channel=3")
    row = page.locator("#panel .rows").last.locator(".bar-row").first
    row.click()
    best = store.uses(store.graph(0).nodes[0].at._replace(layer="conv5", channel=3))[0].class_id
    wait_for_graph(page, channel_ids(store, best))


def test_compare_from_a_row(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    row = page.locator("#class-grid .ag-center-cols-container .ag-row", has_text="pelican")
    row.hover()
    row.locator(".row-compare").click()
    query(page, "?class=0&vs=7&layer=conv5&view=compare")
    expect(row.locator(".badge-b")).to_be_visible()


def test_reload_and_a_copied_link_restore_all(page: Page, url: str, store: RunStore, browser: Browser) -> None:
    node = store.graph(5).nodes[3].at
    link = f"{url}?class=5&vs=6&layer={node.layer}&channel={node.channel}&view=compare&sort=accuracy-up&width=130"
    open_page(page, link)
    expected = [at.channel_id for at in compare(store.graph(5), store.graph(6)).nodes]
    for _ in range(2):
        wait_for_graph(page, expected)
        expect(page.locator("#panel h2")).to_have_text(node.channel_id)
        expect(page.locator("#width-value")).to_have_text("130 %")
        expect(page.locator("[data-sort=accuracy-up]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#versus")).to_have_value("flamingo")
        assert page.url == link
        page.reload()


def test_back_and_forward(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    wait_for_graph(page, channel_ids(store, 0))
    for name, class_id in (("tractor", 9), ("pelican", 7)):
        page.locator("#class-grid .ag-center-cols-container .ag-row", has_text=name).click()
        wait_for_graph(page, channel_ids(store, class_id))
        query(page, f"?class={class_id}&layer=conv5")
    page.go_back()
    wait_for_graph(page, channel_ids(store, 9))
    page.go_back()
    wait_for_graph(page, channel_ids(store, 0))
    page.go_forward()
    wait_for_graph(page, channel_ids(store, 9))
    query(page, "?class=9&layer=conv5")


def test_an_unknown_layer_says_so_and_the_page_lives_on(page: Page, url: str, store: RunStore) -> None:
    open_page(page, f"{url}?class=1&layer=mixed9z")
    expect(page.locator("#embedding-empty")).to_contain_text("The link says layer=mixed9z.")
    wait_for_graph(page, channel_ids(store, 1))
    page.locator("#layer-strip [data-layer=conv3]").click()
    expect(page.locator("#embedding-empty")).to_be_empty()
    query(page, "?class=1&layer=conv3")


def test_an_unknown_run_and_channel_say_so(page: Page, url: str) -> None:
    open_page(page, f"{url}?run=nope&class=1&layer=conv1&channel=400")
    expect(page.locator("#notice")).to_contain_text("“nope”")
    expect(page.locator("#panel")).to_contain_text("The link says channel=400.")


def test_keyboard(page: Page, url: str, store: RunStore) -> None:
    open_page(page, url)
    page.locator("main").click(position={"x": 300, "y": 10})
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("[")
    query(page, "?class=0&layer=conv4")
    page.keyboard.press("]")
    query(page, "?class=0&layer=conv5")
    wait_for_order(page, store, "conv5")
    page.keyboard.press("j")
    page.keyboard.press("j")
    cursor = page.locator("#class-grid .ag-row.cursor .name")
    name = rows(page)[1]
    expect(cursor).to_have_text(name)
    page.keyboard.press("k")
    expect(cursor).to_have_text(rows(page)[0])
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#graph-bar h1 .name")).to_have_text(name)
    page.keyboard.press("c")
    expect(page.locator("#versus")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("main").click(position={"x": 300, "y": 10})
    page.keyboard.press("g")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_the_dark_theme_is_kept(page: Page, url: str) -> None:
    open_page(page, url)
    paper = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(251, 251, 252)"
    page.locator("#theme-toggle").click()
    wait_until(page, f"() => ({paper})() === 'rgb(16, 19, 25)'")
    color = "() => document.querySelector('#graph')._cyreg.cy.nodes()[0].style('color')"
    wait_until(page, f"() => ({color})() === 'rgb(153,161,176)'")
    page.reload()
    wait_until(page, f"() => ({paper})() === 'rgb(16, 19, 25)'")
