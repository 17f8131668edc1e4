"""Ablation in a browser: channels pinned in the graph, removed by a button, and the answer with its address."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from precompute.contract.schema import TABLES, read_table
from precompute.contract.writing import write_table
from summit_dash.live import service
from tests.browser.conftest import serve
from tests.browser.drive import wait_for_selection
from tests.support import live_proof_answers

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_url(synthetic_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a run whose manifest names a model, with answers that need none."""
    run = Path(shutil.copytree(synthetic_run, tmp_path_factory.mktemp("ablation") / "run"))
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["model"]["preprocess"] = {}
    (run / "manifest.json").write_text(json.dumps(manifest))
    _add_graphs_by_effect(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_PROOFS", live_proof_answers.__name__)
        with serve(run) as address:
            yield address


def _add_graphs_by_effect(run: Path) -> None:
    """Adds graphs by effect: those by PageRank without the first channel of each class, and without influences."""
    rows = read_table(run, "attribution_graph_nodes").to_pylist()
    nodes = [{**row, "effect": float(number % 3)} for number, row in enumerate(rows)]
    first = {row["class_id"]: number for number, row in reversed(list(enumerate(nodes)))}
    by_effect = [{**row, "selection": "effect"} for number, row in enumerate(nodes) if number != first[row["class_id"]]]
    rows = [{**row, "selection": "pagerank"} for row in nodes] + by_effect
    order = {row["layer"]: n for n, row in enumerate(read_table(run, "layers").to_pylist())}
    rows.sort(key=lambda row: (row["class_id"], order[row["layer"]], row["channel"], row["selection"]))
    names = [column.name for column in TABLES["attribution_graph_nodes"].columns]
    write_table(run, "attribution_graph_nodes", {name: [row.get(name) for row in rows] for name in names})
    graphs = read_table(run, "attribution_graphs").to_pylist()
    both = [{**row, "selection": selection} for row in graphs for selection in ("effect", "pagerank")]
    names = [column.name for column in TABLES["attribution_graphs"].columns]
    write_table(run, "attribution_graphs", {name: [row.get(name) for row in both] for name in names})


@pytest.fixture
def url(live_url: str) -> str:
    return live_url


def test_pinned_channels_are_removed_by_a_button_in_the_graph(page: Page, url: str, synthetic_run: Path) -> None:
    node = read_table(synthetic_run, "attribution_graph_nodes").to_pylist()[0]
    channel = f"{node['layer']}-{node['channel']}"
    page.goto(f"{url}?class={node['class_id']}&pins={channel}")
    page.get_by_role("button", name="Remove", exact=True).click()
    wait_for_selection(page, view="ablation", mode="remove", pins=[channel])
    expect(page.locator(".ablation-row")).to_have_count(2)
    expect(page.locator(".ablation-images li")).to_contain_text("carp → trout")
    assert "mode=remove" in page.url
    page.get_by_role("button", name="Keep only").click()
    expect(page.locator(".ablation-rows")).to_contain_text("with these channels alone")


def test_a_channel_alone_is_measured_by_a_button_and_the_graph_says_it_from_then_on(page: Page, url: str) -> None:
    page.goto(f"{url}?class=0")
    page.wait_for_function("() => summitDash.graph.getScene()")
    nodes = "() => [...summitDash.graph.getScene().nodes.values()].map(({node}) => [node.layer, node.channel])"
    (layer, channel), (other, second) = page.evaluate(nodes)[:2]
    page.goto(f"{url}?class=0&layer={layer}&channel={channel}")
    section = page.locator("#panel .alone")
    section.get_by_role("button", name="Measure", exact=True).click(timeout=60_000)
    answer = "accuracy −25.0 % [−50.0 %, +12.5 %], log-probability −1.25, n = 4"
    expect(section).to_contain_text(answer, timeout=60_000)  # its process starts first
    expect(section.get_by_role("button", name="Measure", exact=True)).to_have_count(0)
    section.get_by_role("button", name=re.compile("of the graph")).click()
    expect(section.get_by_role("button")).to_have_count(0)
    expect(section.locator(".alone-lost")).to_be_visible(timeout=60_000)  # until then there is a bar
    page.evaluate("([layer, channel]) => summitDash.dispatch({layer, channel})", [other, second])
    expect(page.locator("#panel h2")).to_contain_text(f"-{second}")
    expect(section).to_contain_text("accuracy −25.0 %")
    notes = page.locator(f'.graph-channels [data-option="{other}-{second}"]')
    expect(notes).to_have_attribute("aria-label", re.compile("without this channel alone"))


def find_nodes(page: Page, class_id: int) -> list[tuple[str, int]]:
    """Opens the graph of a class, and finds its channels."""
    page.evaluate("(classId) => summitDash.dispatch({class_id: classId, channel: null})", class_id)
    wait_for_selection(page, class_id=class_id, channel=None)
    page.wait_for_function("() => summitDash.graph.getScene()")
    nodes = "() => [...summitDash.graph.getScene().nodes.values()].map(({node}) => [node.layer, node.channel])"
    return [(layer, channel) for layer, channel in page.evaluate(nodes)]


def open_channel(page: Page, layer: str, channel: int) -> Locator:
    """Opens the panel of a channel, and returns its part on the channel alone."""
    page.evaluate("([layer, channel]) => summitDash.dispatch({layer, channel})", [layer, channel])
    expect(page.locator("#panel h2")).to_contain_text(f"-{channel}")
    return page.locator("#panel .alone")


@pytest.mark.usefixtures("new_page")
def test_a_measurement_goes_on_while_other_channels_and_classes_are_shown(page: Page, url: str) -> None:
    held: list[Route] = []
    page.route("**/alone", lambda route: held.append(route))
    page.goto(f"{url}?class=0")
    page.wait_for_function("() => summitDash.graph.getScene()")
    first, second, *_ = find_nodes(page, 0)
    section = open_channel(page, *first)
    section.get_by_role("button", name=re.compile("of the graph")).click()
    bar, cancel = section.get_by_role("progressbar"), section.get_by_role("button", name="Cancel")
    expect(bar).to_be_visible()
    open_channel(page, *second)
    expect(bar).to_be_visible()
    expect(section.get_by_role("button")).to_have_count(1)  # to cancel: all channels are being measured
    find_nodes(page, 1)
    expect(section).to_be_hidden()
    page.evaluate("() => document.addEventListener('summit-alone', () => (window.isMeasured = true))")
    held.pop().continue_()  # the panel is closed, and another class is shown
    page.unroute("**/alone")
    page.wait_for_function("() => window.isMeasured", timeout=60_000)
    find_nodes(page, 0)
    open_channel(page, *second)
    expect(section.locator(".alone-lost")).to_contain_text("accuracy −25.0 %")
    expect(section.get_by_role("button")).to_have_count(0)
    expect(cancel).to_have_count(0)


@pytest.mark.usefixtures("new_page")
def test_a_measurement_is_cancelled_by_a_button_and_the_server_hears_of_it(page: Page, url: str) -> None:
    held: list[Route] = []
    page.route("**/alone", lambda route: held.append(route))
    page.goto(f"{url}?class=2")
    page.wait_for_function("() => summitDash.graph.getScene()")
    first, *_ = find_nodes(page, 2)
    section = open_channel(page, *first)
    section.get_by_role("button", name="Measure", exact=True).click()
    cancel = section.get_by_role("button", name="Cancel")
    cancel.focus()
    cancel.press("Enter")
    measure = section.get_by_role("button", name="Measure", exact=True)
    expect(measure).to_be_focused()
    expect(section.get_by_role("progressbar")).to_have_count(0)
    answer = {"state": "running", "is_over": False, "place": 0, "n_done": 0, "n_total": 1, "visit": "a page"}
    with page.expect_request("**/alone") as asked:
        held.pop().fulfill(json={**answer, "result": None, "problem": None})
    name, number = first
    wanted = {"class_id": 2, "channels": [f"{name}-{number}"], "cancel": True, "visit": "a page"}
    assert asked.value.post_data_json == wanted
    page.unroute("**/alone")
    measure.click()
    expect(section.locator(".alone-lost")).to_contain_text("accuracy −25.0 %", timeout=60_000)


def test_both_graphs_of_a_class_lie_over_each_other_and_the_address_says_so(page: Page, url: str) -> None:
    page.goto(f"{url}?class=0&size=effect&ring=effect")
    size = page.get_by_role("button", name="Size and colour of the channels")
    expect(size).to_have_attribute("data-tip", "Size of the channels: by effect; rings by effect")
    read = "(name) => [...new Set(summitDash.graph.canvas().nodes('[key]').map((node) => node.data(name)))].sort()"
    assert page.evaluate(read, "size") == [32, 67.9, 96]
    assert page.evaluate(read, "level") == [0, 0.5, 1]
    size.click()
    page.get_by_role("group", name="Size by").get_by_role("menuitemradio", name="count").click()
    size.click()
    page.get_by_role("group", name="Colour of the ring by").get_by_role("menuitemradio", name="nothing").click()
    expect(size).to_have_attribute("data-tip", "Size of the channels: by count")
    assert page.evaluate(read, "level") == [0]
    page.get_by_role("button", name="both", exact=True).click()
    expect(size).to_be_hidden()
    wait_for_selection(page, view="graph", chosen="both")
    expect(page.locator(".keys")).to_contain_text("only PageRank")
    expect(page.locator('.key[data-part="only-a"] b')).to_have_text("1")
    expect(page.locator('.key[data-part="only-b"] b')).to_have_text("0")
    assert "chosen=both" in page.url
    page.goto(page.url)
    expect(page.locator(".keys")).to_contain_text("only effect")
