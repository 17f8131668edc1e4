"""The attribution graph of a class: what is drawn, and what pointer, keys, sliders and files do."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, Route, expect

from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.payloads.surprising import build_marks
from summit_dash.run.graphs import compute_shares_covered
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore
from tests.browser.cytoscape import (
    count_elements,
    locate_node,
    read_data,
    read_ghosts,
    wait_for_frame,
    wait_for_tray,
)
from tests.browser.drive import (
    click_node,
    download,
    hover_edge,
    hover_node,
    leave_graph,
    list_edges,
    list_nodes,
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


def test_the_graph_of_a_class_is_drawn_whole(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    graph = store.graph(0)
    assert list_nodes(page) == list_channel_ids(store, 0)
    assert list_edges(page) == [f"{e.source.channel_id}--{e.target.channel_id}" for e in graph.edges]
    expect(page.locator("#graph h1")).to_have_text("red fox")
    expect(page.locator("#graph .summary")).to_have_text(f"{len(graph.nodes)} channels, {len(graph.edges)} influences")
    expect(page.locator("#graph .gutter-row")).to_have_count(5)
    images = [read_data(page, node)["image"] for node in list_nodes(page)]
    assert all("/picture/" in image[0] for image in images)
    kinds = [store.pictures.get_picture_kind(node.channel) for node in graph.nodes]
    starred = {mark["node"] for mark in build_marks(store, 0)}
    marks = [(kind is PictureKind.EXAMPLE) + (index in starred) for index, kind in enumerate(kinds)]
    assert [len(image) - 1 for image in images] == marks, "a corner for an example, a star for a surprising channel"


def test_a_painted_graph_says_so(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=4")
    wait_for_drawn(page, 4)
    assert float(page.locator("#graph .graph-stage").get_attribute("data-painted") or 0) > 0
    ways = """() => {
      const cy = summitDash.graph.canvas();
      const own = (owner, name) => Object.hasOwn(owner, name);
      const drawn = [own(cy.style(), 'checkTriggers'), own(cy.renderer(), 'drawLayeredElements')];
      return [...drawn, cy.elements().renderedBoundingbox().x2 === 0, Object.keys(cy.renderer().imageCache).length > 0];
    }"""
    assert page.evaluate(ways) == [True] * 4, (
        "the shortcuts of cytoscape_speed.js reach what they are for in this version"
    )


def test_the_output_is_on_top_and_nothing_sticks_out(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    stage = page.locator("#graph .graph-stage").bounding_box()
    assert stage
    middles = {node: measure_node(page, node) for node in list_nodes(page)}
    for box in middles.values():
        assert stage["x"] <= box["x"] <= stage["x"] + stage["width"] - box["width"]
        assert stage["y"] <= box["y"] <= stage["y"] + stage["height"] - box["height"]
    top = [box["y"] + box["height"] / 2 for node, box in middles.items() if node.startswith("conv5-")]
    bottom = [box["y"] + box["height"] / 2 for node, box in middles.items() if node.startswith("conv1-")]
    assert max(top) < min(bottom)
    row = page.locator(".gutter-row[data-layer=conv5]").bounding_box()
    assert row
    assert abs(row["y"] + row["height"] / 2 - sum(top) / len(top)) < 3


def test_one_class_after_the_other_leaves_nothing_behind(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    parts = "() => document.querySelectorAll('#graph .graph-stage *').length"
    before = page.evaluate(parts), count_elements(page)
    for class_id in (9, 4, 0):
        page.evaluate("(id) => summitDash.dispatch({class_id: id})", class_id)
        wait_for_drawn(page, class_id)
        assert list_nodes(page) == list_channel_ids(store, class_id)
    assert (page.evaluate(parts), count_elements(page)) == before


def test_hover_lights_what_a_channel_is_connected_with(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    graph = store.graph(0)
    at = graph.edges[0].source
    hover_node(page, at.channel_id)
    card = page.locator("#graph .graph-card")
    expect(card).to_contain_text(at.channel_id)
    expect(card).to_contain_text("of 200 images")
    expect(card.locator(".card-examples img")).to_have_count(10)
    expect(card).to_have_css("pointer-events", "none")
    mine = [edge for edge in graph.edges if at in (edge.source, edge.target)]
    assert set(list_nodes(page, ".lit")) == {end.channel_id for edge in mine for end in (edge.source, edge.target)}
    assert len(list_edges(page, ".lit")) == len(mine)
    leave_graph(page)
    expect(card).to_be_hidden()
    assert list_nodes(page, ".lit") == []


@pytest.mark.usefixtures("new_page")
def test_the_pointer_goes_through_the_visualizations_of_a_channel(page: Page, url: str, store: RunStore) -> None:
    def add_diversity(route: Route) -> None:
        payload = route.fetch().json()
        route.fulfill(json={**payload, "kinds": ["channel", "diversity-0", "diversity-1", "diversity-2"]})

    def answer_picture(route: Route) -> None:
        route.fulfill(response=route.fetch(url=f"{url}run/synthetic/picture/conv3/1.webp"))

    channels = [node.channel for node in store.graph(0).nodes if store.pictures.is_visualized(node.channel)]
    at = next(channel for channel in channels if channel.layer == "conv3")
    page.route(f"**/data/channel/{at.layer}/{at.channel}.json*", add_diversity)
    page.route("**/diversity-*.webp*", answer_picture)
    open_graph(page, url)
    wait_for_drawn(page, 0)
    hover_node(page, at.channel_id)
    card = page.locator("#graph .graph-card")
    scrub = card.get_by_role("slider")
    expect(scrub).to_have_attribute("aria-valuemax", "3")
    box = measure_node(page, at.channel_id)
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 5)
    expect(card).to_contain_text("diversity 2 · 4 of 4")
    scrub.focus()
    page.keyboard.press("ArrowLeft")
    expect(scrub).to_have_attribute("aria-valuetext", "diversity 1")
    expect(card.locator(".scrub img")).to_have_attribute("src", re.compile("/diversity-1.webp"))


def test_hover_on_an_influence_shows_both_ends(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    edge = max(store.graph(0).edges, key=lambda e: e.influence_count)
    hover_edge(page, f"{edge.source.channel_id}--{edge.target.channel_id}")
    card = page.locator("#graph .graph-card")
    expect(card).to_contain_text(f"{edge.source.channel_id} → {edge.target.channel_id}")
    expect(card).to_contain_text(f"{edge.influence_count} of 200 images")
    expect(card.locator(".card-examples img")).to_have_count(8)
    assert set(list_nodes(page, ".lit")) == {edge.source.channel_id, edge.target.channel_id}


def test_a_click_opens_the_channel_and_shows_sources_outside_the_graph(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    at = next(node.channel for node in store.graph(0).nodes if node.channel.layer == "conv4")
    click_node(page, at.channel_id)
    wait_for_query(page, f"?class=0&layer=conv5&channel={at.channel}&channel_layer={at.layer}")
    expect(page.locator('#layer-strip [aria-pressed="true"]')).to_have_attribute("data-layer", "conv5")
    assert list_nodes(page, ".chosen") == [at.channel_id]
    own = set(list_channel_ids(store, 0))
    outside = [e.source.channel_id for e in store.read_sources(0, at, 10) if e.source.channel_id not in own]
    wait_for_tray(page, len(outside[:6]))
    ghosts = read_ghosts(page)
    assert [ghost["id"] for ghost in ghosts] == outside[:6]
    node = measure_node(page, at.channel_id)
    assert all(ghost["y"] > node["y"] + node["height"] for ghost in ghosts)
    page.mouse.click(ghosts[0]["x"], ghosts[0]["y"])
    wait_for_query(page, f"?class=0&layer=conv5&channel={outside[0].split('-')[1]}&channel_layer=conv3")
    page.wait_for_function("() => summitDash.graph.canvas().nodes('.ghost.chosen').length === 1")
    page.keyboard.press("Escape")
    wait_for_query(page, "?class=0&layer=conv5")
    wait_for_tray(page, 0)


def test_the_tray_stays_under_its_channel_at_any_zoom(page: Page, url: str, store: RunStore) -> None:
    at = next(node.channel for node in store.graph(0).nodes if node.channel.layer == "conv4")
    open_graph(page, f"{url}?class=0&layer={at.layer}&channel={at.channel}")
    wait_for_drawn(page, 0)
    page.wait_for_function("() => summitDash.graph.canvas().nodes('.ghost').not('.hidden').length > 0")
    for _ in range(2):
        ghosts, node = read_ghosts(page), measure_node(page, at.channel_id)
        middle = sum(ghost["x"] for ghost in ghosts) / len(ghosts)
        assert middle == pytest.approx(node["x"] + node["width"] / 2, abs=2)
        assert ghosts[0]["y"] - node["y"] - node["height"] == pytest.approx(62, abs=2)  # pixels, not units
        page.locator("#graph [data-tool=in]").click()
        wait_for_frame(page)


def test_a_double_click_stacks_nothing(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    at = next(node.channel for node in store.graph(0).nodes if node.channel.layer == "conv4")
    before = count_elements(page)
    page.mouse.dblclick(*locate_node(page, at.channel_id))
    page.wait_for_function("() => summitDash.graph.canvas().nodes('.ghost').not('.hidden').length > 0")
    assert count_elements(page) == before
    wait_for_query(page, f"channel={at.channel}&channel_layer=conv4")


def test_a_click_on_the_paper_closes(page: Page, url: str, store: RunStore) -> None:
    at = store.graph(0).nodes[0].channel
    open_graph(page, f"{url}?class=0&layer={at.layer}&channel={at.channel}")
    wait_for_drawn(page, 0)
    page.locator("#graph .graph-stage").click(position={"x": 130, "y": 8})
    wait_for_query(page, f"?class=0&layer={at.layer}")
    assert list_nodes(page, ".chosen") == []


def test_covers_leaves_the_channels_that_cover_the_share(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, f"{url}?class=0&covers=40")
    wait_for_drawn(page, 0)
    expect(page.locator("#covers-value")).to_have_text("40 %")
    covered = compute_shares_covered(store.graph(0).nodes)
    kept = {at.channel_id for at, share in covered.items() if share < 40}
    assert set(list_nodes(page)) == kept
    expect(page.locator("#graph .summary")).to_contain_text(f"{len(kept)} of {len(covered)} channels")
    slide(page, "covers", 70)  # at once, before the state follows
    assert set(list_nodes(page)) == {at.channel_id for at, share in covered.items() if share < 70}
    wait_for_query(page, "&covers=70")


def test_arrows_walk_through_the_graph(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    channels = page.get_by_role("listbox", name="Attribution graph of red fox")
    expect(channels.get_by_role("option")).to_have_count(len(list_channel_ids(store, 0)))
    channels.focus()
    assert name_active(page).startswith("conv5-")
    page.keyboard.press("ArrowRight")
    at = name_active(page)
    assert at.startswith("conv5-")
    assert list_nodes(page, ".cursor") == [at]
    strongest = max((e for e in store.graph(0).edges if e.target.channel_id == at), key=lambda e: e.influence_count)
    page.keyboard.press("ArrowDown")
    assert name_active(page) == strongest.source.channel_id
    expect(page.locator("#graph .graph-card")).to_contain_text(strongest.source.channel_id)
    page.keyboard.press("Enter")
    wait_for_query(page, f"?class=0&layer=conv5&channel={strongest.source.channel}&channel_layer=conv4")
    page.keyboard.press("p")  # the list still has the focus
    wait_for_query(page, f"&pins={strongest.source.channel_id}")
    page.keyboard.press("Escape")
    wait_for_query(page, f"?class=0&layer=conv5&pins={strongest.source.channel_id}")
    assert name_active(page) == strongest.source.channel_id


def name_active(page: Page) -> str:
    """Returns the channel id of the option that a reader of the screen hears."""
    option = page.locator(f"#{page.locator('#graph-channels').get_attribute('aria-activedescendant')}")
    return (option.get_attribute("aria-label") or "").split(",")[0]


def test_the_card_goes_when_tab_moves_on(page: Page, url: str) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    page.locator("#graph-channels").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#graph .graph-card")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#graph .graph-card")).to_be_hidden()
    assert list_nodes(page, ".cursor, .lit") == []


def test_pins_draw_only_what_is_connected(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    at = store.graph(0).edges[0].target.channel_id
    hover_node(page, at)
    expect(page.locator("#graph .card-examples img")).to_have_count(10)
    pin = page.locator("#graph .graph-card").get_by_role("button", name="pin")
    box = pin.bounding_box() or {"x": 0, "y": 0}
    page.mouse.move(box["x"] + 5, box["y"] + 5, steps=6)  # a card takes the pointer that goes to it
    pin.click()
    wait_for_query(page, f"&pins={at}")
    kept = page.evaluate(
        "(pin) => [...summitDash.graph.connected(summitDash.graph.getScene().drawing, [pin])]",
        at,
    )
    assert set(list_nodes(page)) == set(kept)
    expect(page.locator("#graph .summary")).to_contain_text(
        f"{len(kept)} of {len(list_channel_ids(store, 0))} channels"
    )
    assert len(kept) < len(list_channel_ids(store, 0))
    page.locator("#graph .pin-note button").first.click()
    wait_for_query(page, "?class=0&layer=conv5")
    expect(page.locator("#graph .summary")).to_contain_text(f"{len(list_channel_ids(store, 0))} channels")
    assert len(list_nodes(page)) == len(list_channel_ids(store, 0))


def test_a_layer_is_expanded_beyond_the_graph(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    page.locator(".gutter-row[data-layer=conv4]").hover()
    page.get_by_label("More channels of conv4").click()
    wait_for_query(page, "&expand=conv4")
    n_own = sum(node.channel.layer == "conv4" for node in store.graph(0).nodes)
    expect(page.locator("#graph .summary")).to_contain_text(f", {24 - n_own} more")
    assert len(list_nodes(page, ".added")) == 24 - n_own
    assert all(node.startswith("conv4-") for node in list_nodes(page, ".added"))
    page.get_by_label("More channels of conv4").click()
    expect(page.locator("#graph .summary")).not_to_contain_text("more")
    assert list_nodes(page, ".added") == []


def test_the_same_as_a_table(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    page.get_by_label("As a table").click()
    rows = page.locator("#graph .graph-table tbody tr")
    expect(rows).to_have_count(len(store.graph(0).nodes))
    node = store.graph(0).nodes[3]
    row = page.locator(f'#graph [data-row="{node.channel.channel_id}"]')
    expect(row).to_contain_text(str(node.activation_count))
    expect(row).to_contain_text(f"{node.activation_count / 2:.1f} %")
    row.locator("button").click()
    own = "" if node.channel.layer == "conv5" else f"&channel_layer={node.channel.layer}"
    wait_for_query(page, f"?class=0&layer=conv5&channel={node.channel.channel}{own}&as=table")


def test_files_of_what_is_shown(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, f"{url}?class=0&covers=60")
    wait_for_drawn(page, 0)
    shown, drawn = list_nodes(page), list_edges(page)
    name, content = download(page, "svg")
    assert name == "red-fox-graph.svg"
    assert content == export_graph(store, GraphRequest(0, covers=60), ["svg"])[".svg"]
    assert download(page, "png")[1].startswith(b"\x89PNG")
    data = json.loads(download(page, "json")[1])
    assert {node["id"] for node in data["nodes"]} == set(shown)
    assert {f"{edge['source']}--{edge['target']}" for edge in data["edges"]} == set(drawn)
    counts = {node.channel.channel_id: node.activation_count for node in store.graph(0).nodes}
    table = list(csv.DictReader(io.StringIO(download(page, "nodes")[1].decode())))
    assert {row["id"]: int(row["activation_count"]) for row in table} == {node: counts[node] for node in shown}
    graphml = ElementTree.fromstring(download(page, "graphml")[1])
    assert len(list(graphml.iter("{http://graphml.graphdrawing.org/xmlns}edge"))) == len(drawn)


@pytest.mark.parametrize("value", ["99", "wolf"])
def test_an_unknown_class_says_so_and_the_page_lives_on(page: Page, url: str, store: RunStore, value: str) -> None:
    open_graph(page, f"{url}?class={value}")
    empty = page.locator("#graph .graph-empty")
    expect(empty).to_contain_text("A class is a number from 0 to 11.")
    expect(empty).to_contain_text(f"The link says class={value}.")
    page.evaluate("() => summitDash.dispatch({class_id: 9})")
    wait_for_drawn(page, 9)
    expect(empty).to_be_empty()
    assert list_nodes(page) == list_channel_ids(store, 9)


@pytest.mark.parametrize("link", ["?class=0", "?class=0&vs=2&view=compare", "?class=0&layer=conv4&channel=18"])
def test_nothing_sticks_out_of_a_small_window(page: Page, url: str, link: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    open_graph(page, url + link)
    expect(page.locator("#graph .graph-stage[data-drawn]")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1024
    for part in ("#graph", "#graph .graph-tools", "#graph .graph-bar"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 1024
        assert page.locator(part).evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_a_selection_that_changes_while_a_graph_is_drawn_loses_nothing(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=3")
    script = """(id) => {
      const search = (after) => setTimeout(() => summitDash.dispatch({search: `${after}`}), after);
      summitDash.dispatch({class_id: id});
      [0, 5, 10, 20, 40].forEach(search);
    }"""
    for class_id in (5, 6, 7):
        page.evaluate(script, class_id)
        wait_for_drawn(page, class_id)
