"""The window onto the graph: sliders, zoom, drag, the small map, full screen, direction."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from summit_dash.run.store import RunStore
from tests.browser.cytoscape import (
    read_view,
    wait_for_labels,
)
from tests.browser.drive import (
    click_node,
    list_nodes,
    measure_graph,
    measure_node,
    open_graph,
    slide,
    wait_for_drawn,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def list_channel_ids(store: RunStore, class_id: int) -> list[str]:
    return [node.channel.channel_id for node in store.graph(class_id).nodes]


def wait_for_query(page: Page, expected: str) -> None:
    """Waits for the address to end in the query."""
    expect(page).to_have_url(re.compile(re.escape(expected) + "$"))


def test_sliders_stretch_the_graph(page: Page, url: str) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    before = measure_graph(page)
    slide(page, "height", 50)
    wait_for_query(page, "&height=50")
    expect(page.locator("#height-value")).to_have_text("50 %")
    after = measure_graph(page)
    assert after[1] < 0.75 * before[1]
    assert after[0] == pytest.approx(before[0], abs=1)


def test_zoom_pan_fit_and_the_small_map(page: Page, url: str) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    expect(page.locator("#graph .minimap")).to_be_hidden()
    before = measure_graph(page)
    page.locator("#graph [data-tool=in]").click()
    page.locator("#graph .graph-stage").hover()
    page.mouse.wheel(0, -400)
    expect(page.locator("#graph .minimap")).to_be_visible()
    page.wait_for_function("() => summitDash.graph.canvas().zoom() > 1")
    wait_for_labels(page, 10)
    first = read_view(page)
    page.locator("#graph .minimap").click(position={"x": 10, "y": 10})
    assert read_view(page) != first
    page.keyboard.press("0")
    expect(page.locator("#graph .minimap")).to_be_hidden()
    assert measure_graph(page) == pytest.approx(before, abs=1)


def test_a_drag_moves_the_paper_and_opens_nothing(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    node = list_channel_ids(store, 0)[0]
    before = measure_node(page, node)
    page.mouse.move(before["x"] + 10, before["y"] + 10)
    page.mouse.down()
    page.mouse.move(before["x"] + 70, before["y"] - 30, steps=4)
    page.mouse.up()
    expect(page.locator("#graph .minimap")).to_be_visible()
    after = measure_node(page, node)
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((60, -40), abs=3)
    wait_for_query(page, "?class=0&layer=conv5")


def test_the_graph_cannot_be_dragged_out_of_sight(page: Page, url: str) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    stage = page.locator("#graph .graph-stage").bounding_box()
    assert stage
    for dx, dy in ((-600, 0), (-600, 0), (0, 500), (0, 500)):
        page.mouse.move(stage["x"] + 620, stage["y"] + 10 if dy >= 0 else stage["y"] + 600)
        page.mouse.down()
        page.mouse.move(stage["x"] + 620 + dx, stage["y"] + 10 + dy, steps=3)
        page.mouse.up()
    page.wait_for_function("""() => {
      const cy = summitDash.graph.canvas();
      const box = cy.nodes('[key]').renderedBoundingBox();
      return box.x2 > 100 && box.y1 < cy.height() - 60;
    }""")


def test_wheel_jump_and_drag_follow_each_other(page: Page, url: str) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    stage = page.locator("#graph .graph-stage").bounding_box()
    assert stage
    for _ in range(3):
        before = read_view(page)
        page.mouse.move(stage["x"] + 500, stage["y"] + 200)
        page.mouse.wheel(0, -300)
        page.wait_for_function("(zoom) => summitDash.graph.canvas().zoom() > zoom", arg=before["zoom"])
        expect(page.locator("#graph .minimap")).to_be_visible()
        at = read_view(page)
        page.locator("#graph .minimap").click(position={"x": 60, "y": 40})
        assert read_view(page) != at
        at = read_view(page)
        page.mouse.move(stage["x"] + 500, stage["y"] + 20)
        page.mouse.down()
        page.mouse.move(stage["x"] + 470, stage["y"] + 60, steps=3)
        page.mouse.up()
        assert read_view(page) != at
        page.keyboard.press("0")
        page.wait_for_function("(zoom) => Math.abs(summitDash.graph.canvas().zoom() - zoom) < 1e-6", arg=before["zoom"])


def test_a_box_pins_what_it_encloses(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    node = next(each for each in list_channel_ids(store, 0) if each.startswith("conv5-"))
    box = measure_node(page, node)
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] - 12, box["y"] - 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 12, box["y"] + box["height"] + 12, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    wait_for_query(page, f"&pins={node}")


def test_full_screen(page: Page, url: str) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    page.get_by_label("Full screen").click()
    page.wait_for_function("() => document.fullscreenElement === document.documentElement")
    expect(page.locator("header")).to_be_hidden()
    click_node(page, list_nodes(page)[0])
    expect(page.locator("#panel")).to_be_visible()
    page.get_by_label("Full screen").click()
    page.wait_for_function("() => !document.fullscreenElement")


def test_from_left_to_right(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&direction=right")
    wait_for_drawn(page, 0)
    boxes = {node: measure_node(page, node) for node in list_nodes(page)}
    left = [box["x"] + box["width"] / 2 for node, box in boxes.items() if node.startswith("conv1-")]
    right = [box["x"] + box["width"] / 2 for node, box in boxes.items() if node.startswith("conv5-")]
    assert max(left) < min(right)
    page.get_by_label("Input at the left").click()
    wait_for_query(page, "?class=0&layer=conv5")
