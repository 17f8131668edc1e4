"""Two classes' attribution graphs laid over each other."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from waitress.server import create_server

from summit_dash.graph.comparison import Comparison, Part, compare
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.browser.cytoscape import read_style
from tests.browser.drive import download, list_edges, list_nodes, measure_node, open_graph, wait_for_drawn
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


@pytest.fixture(scope="module")
def compared(store: RunStore) -> Comparison:
    return compare(store.graph(0), store.graph(2))


def wait_for_query(page: Page, expected: str) -> None:
    """Waits for the address to end in the query."""
    expect(page).to_have_url(re.compile(re.escape(expected) + "$"))


def test_the_second_class_is_chosen_by_typing(page: Page, url: str) -> None:
    open_graph(page, url)
    page.locator("#tabs [data-view=compare]").click()
    empty = page.locator("#graph .graph-empty")
    expect(empty).to_contain_text("A comparison takes two classes.")
    expect(empty).to_contain_text("red fox is the first.")
    field = page.get_by_role("combobox", name="Second class")
    field.click()
    field.fill("arctic wolf")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#versus-list [role=option]")).to_have_text(["white wolf"])
    field.press("Enter")
    wait_for_drawn(page, 0, 2)
    wait_for_query(page, "?class=0&vs=2&layer=conv5&view=compare")
    expect(field).to_have_value("white wolf")
    expect(empty).to_be_empty()


def test_the_field_says_when_no_class_matches_and_escape_leaves_it(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    field = page.get_by_role("combobox", name="Second class")
    field.fill("xylophone")
    expect(page.locator("#versus-list")).to_have_text("No class matches.")
    field.press("Escape")
    expect(page.locator("#versus-list")).to_be_hidden()
    expect(field).to_have_value("white wolf")


@pytest.fixture(scope="module")
def url_of_two_runs(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the synthetic run and of another one of the same layers."""
    other = write_synthetic_run(tmp_path_factory.mktemp("more") / "other", SyntheticRun(n_classes=4, seed=11))
    server = create_server(
        create_app([RunStore(run_path), RunStore(other)], Settings()).server, host="127.0.0.1", port=0, threads=8
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}/"
    server.close()
    thread.join(timeout=5)


@pytest.mark.usefixtures("new_page")
def test_a_class_of_another_run(page: Page, url_of_two_runs: str, words: list[str], store: RunStore) -> None:
    open_graph(page, f"{url_of_two_runs}?class=0&vs=1&vs_run=other&view=compare")
    wait_for_drawn(page, 0, 1)
    payload = page.evaluate("() => summitDash.load('class/1', 'other')")
    theirs = {
        f"{store.layer_names[layer]}-{channel}"
        for layer, channel in zip(payload["nodes"]["layer"], payload["nodes"]["channel"], strict=True)
    }
    own = {node.channel.channel_id for node in store.graph(0).nodes}
    assert set(list_nodes(page, ".only-b")) == theirs - own
    assert set(list_nodes(page, ".shared")) == theirs & own
    expect(page.locator(".gutter-row[data-layer=conv5]")).to_contain_text("alike –")
    page.get_by_label("Swap A and B").click()
    wait_for_drawn(page, 1, 0)
    wait_for_query(page, "?run=other&class=1&vs=0&vs_run=synthetic&layer=conv5&view=compare")
    page.get_by_label("Run of the second class").select_option("other")
    page.locator("#versus").fill("coyote")
    page.keyboard.press("Enter")
    wait_for_drawn(page, 1, 3)
    wait_for_query(page, "?run=other&class=1&vs=3&layer=conv5&view=compare")
    open_graph(page, f"{url_of_two_runs}?class=0&vs=1&vs_run=gone&view=compare")
    expect(page.locator("#graph .graph-empty")).to_contain_text("The link says vs_run=gone; served: synthetic, other.")
    words[:] = [word for word in words if not word.startswith("outside: ")]  # this page is of another server


def test_parts_and_their_counts(page: Page, url: str, compared: Comparison) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    assert list_nodes(page) == [at.channel_id for at in compared.nodes]
    for part in Part:
        expect(page.locator(f"#graph .key[data-part={part.value}] b")).to_have_text(str(compared.count(part)))
        assert len(list_nodes(page, f".{part.value}")) == compared.count(part)
        assert len(list_edges(page, f".{part.value}")) == sum(found is part for found in compared.edges.values())
    expect(page.locator("#graph .parting")).to_contain_text(f"They part at {compared.parting_layer}")


def test_never_by_colour_alone(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    styles = {part: read_style(page, list_nodes(page, f".{part.value}")[0], "border-style") for part in Part}
    assert styles == {Part.SHARED: "solid", Part.ONLY_A: "solid", Part.ONLY_B: "dashed"}


def test_every_layer_has_its_numbers(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    counts = {layer: (store.read_counts(layer)[0], store.read_counts(layer)[2]) for layer in store.layers}
    for layer in compare(store.graph(0), store.graph(2), counts).layers:
        row = page.locator(f".gutter-row[data-layer={layer.layer}]")
        expect(row).to_contain_text(f"shared {100 * layer.jaccard:.0f} %alike {layer.cosine:.2f}")


def test_the_line_is_below_the_parting_layer(page: Page, url: str, compared: Comparison) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    line = page.locator("#graph .parting-line").bounding_box()
    layers = list(compared.layers)
    place = next(i for i, layer in enumerate(layers) if layer.layer == compared.parting_layer)
    rows = [page.locator(f".gutter-row[data-layer={layers[i].layer}]").bounding_box() for i in (place, place - 1)]
    assert line
    assert rows[0]
    assert rows[1]
    assert rows[0]["y"] < line["y"] < rows[1]["y"] + rows[1]["height"]


def test_swap_and_clear(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    page.get_by_label("Swap A and B").click()
    wait_for_drawn(page, 2, 0)
    wait_for_query(page, "?class=2&vs=0&layer=conv5&view=compare")
    expect(page.locator("#graph h1")).to_contain_text("white wolf")
    page.get_by_label("Compare no more").click()
    wait_for_drawn(page, 2)
    wait_for_query(page, "?class=2&layer=conv5")


@pytest.mark.parametrize("value", ["99", "wolf"])
def test_an_unknown_second_class_says_so(page: Page, url: str, value: str) -> None:
    open_graph(page, f"{url}?class=0&vs={value}&view=compare")
    expect(page.locator("#graph .graph-empty")).to_contain_text(f"The link says vs={value}.")
    expect(page.locator("#graph .graph-empty")).to_contain_text("Choose the second class above.")


def test_a_class_is_not_compared_with_itself(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=0&view=compare")
    expect(page.locator("#graph .graph-empty")).to_contain_text("A comparison takes two different classes.")
    expect(page.locator("#graph .graph-empty")).to_contain_text("Both are red fox.")


def test_side_by_side_a_shared_channel_is_at_the_same_height(
    page: Page, url: str, store: RunStore, compared: Comparison
) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    page.get_by_label("Side by side").click()
    wait_for_query(page, "&sides=two")
    wait_for_drawn(page, 0, 2)
    n_drawn = len(store.graph(0).nodes) + len(store.graph(2).nodes)
    page.wait_for_function("(n) => summitDash.graph.canvas().nodes('[key]').length === n", arg=n_drawn)
    shared = next(at.channel_id for at, part in compared.nodes.items() if part is Part.SHARED)
    boxes = [measure_node(page, f"{letter}:{shared}") for letter in "ab"]
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=0.5)
    assert boxes[0]["x"] < boxes[1]["x"]


def test_more_classes_in_the_bars(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, f"{url}?class=0&vs=2&layer=conv4&view=compare")
    wait_for_drawn(page, 0, 2)
    page.get_by_label("Layers compared").first.click()
    panel = page.locator("#graph .compare-panel")
    expect(panel.locator(".compared-layer")).to_have_count(5)
    page.get_by_role("combobox", name="One more class").fill("coyote")
    page.keyboard.press("Enter")
    wait_for_query(page, "?class=0&vs=2&also=3&layer=conv4&view=compare&bars=shown")
    other = next(layer for layer in compare(store.graph(0), store.graph(3)).layers if layer.layer == "conv3")
    line = panel.locator(".compared-layer[data-layer=conv3] .compared-line[data-class='3']")
    expect(line).to_contain_text(f"{100 * other.jaccard:.0f} %")
    expect(line).to_contain_text(f"{other.n_only_a}·{other.n_shared}·{other.n_only_b}")
    panel.get_by_label("Remove coyote").click()
    expect(line).to_have_count(0)


def test_the_panel_of_layers_is_as_wide_as_a_person_sets_it_and_its_bars_with_it(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare&bars=shown")
    bars = page.locator("#graph .bars-figure svg.main-svg").first
    expect(bars).to_be_visible()
    measure = "(e) => e.offsetWidth"
    panel = page.locator("#graph .compare-panel")
    widths = panel.evaluate(measure), float(bars.get_attribute("width") or 0)
    page.get_by_role("separator", name="Width of the layers compared").focus()
    page.keyboard.press("ArrowLeft")
    expect(bars).to_have_attribute("width", f"{widths[1] + 16:g}")
    assert panel.evaluate(measure) == widths[0] + 16


def test_classes_that_are_similar_but_differ_here(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&vs=2&layer=conv4&view=compare")
    wait_for_drawn(page, 0, 2)
    page.get_by_label("Layers compared").first.click()
    first = page.locator("#graph .differing").first
    expect(first).to_be_visible()
    similarity = page.evaluate("async () => (await summitDash.load('class/0')).similarity")
    gaps = [
        sum(similarity[layer][c] for layer in ("conv1", "conv2", "conv3")) / 3 - similarity["conv4"][c]
        for c in range(12)
    ]
    best = max(range(1, 12), key=lambda c: gaps[c])
    expect(first).to_have_attribute("data-class", str(best))
    first.click()
    wait_for_drawn(page, 0, best)


def test_a_node_shows_both_counts_and_files_hold_both(page: Page, url: str, compared: Comparison) -> None:
    open_graph(page, f"{url}?class=0&vs=2&view=compare")
    wait_for_drawn(page, 0, 2)
    only_a = next(at.channel_id for at, part in compared.nodes.items() if part is Part.ONLY_A)
    box = measure_node(page, only_a)
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    expect(page.locator("#graph .graph-card")).to_contain_text("B white wolf: not in its graph")
    name, content = download(page, "json")
    assert name == "red-fox-vs-white-wolf-graph.json"
    data = json.loads(content)
    assert {node["id"]: node["part"] for node in data["nodes"]} == {
        at.channel_id: part.value for at, part in compared.nodes.items()
    }
    assert data["graph"]["parting_layer"] == compared.parting_layer
