from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from summit_dash.run.graphs import Channel
from summit_dash.run.predictions import read_predictions
from summit_dash.run.store import RunStore
from tests.browser.conftest import serve, watch
from tests.browser.drive import go
from tests.browser.drive_channels import open_panel, wait_for_panel
from tests.support.synthetic_run import SyntheticRun, draw_picture, write_synthetic_run

pytestmark = pytest.mark.browser
PICTURES_LOADED = "() => [...document.querySelectorAll('#panel img')].every((i) => i.complete && i.naturalWidth > 0)"


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def test_the_panel_shows_all_of_a_channel(page: Page, url: str, store: RunStore) -> None:
    at = Channel("conv3", 5)
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    expect(panel.locator("h2")).to_have_text("conv3-5")
    expect(panel).to_contain_text(f"in the graphs of {store.count_graphs_with(at)} of 12 classes")
    count = int(store.read_counts("conv3")[3, 5])
    expect(panel.locator(".use")).to_contain_text(f"coyote: {count / 2:.1f} %{count} of 200 images")
    expect(panel).to_contain_text(f"max activation {store.read_channel_facts('conv3').max_activation[5]:.3g}")
    expect(panel.locator(".portrait-frame .caption")).to_have_text("feature visualization")
    expect(panel.locator(".examples img")).to_have_count(10)
    page.wait_for_function(PICTURES_LOADED)
    sources = [edge.source.channel_id for edge in store.read_sources(3, at, 10)]
    targets = [edge.target.channel_id for edge in store.read_targets(3, at, 10)]
    names = panel.locator(".ends .row-name").all_inner_texts()
    assert [name.split()[0] for name in names] == sources + targets
    kept = {node.channel.channel_id for node in store.graph(3).nodes}
    assert ["not in graph" in name for name in names] == [each not in kept for each in sources + targets]
    used = [store.classes[use.class_id].short_name for use in store.read_uses(at)]
    shown = panel.locator(".classes-rows .row-name").all_inner_texts()
    assert [name.split(" n0")[0] for name in shown] == used
    expect(panel).to_contain_text(f"used by {len(used)} of 12")


def test_a_source_is_followed_and_a_class_selected(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    source = store.read_sources(3, Channel("conv3", 5), 10)[0].source
    panel.locator(".ends .bar-row").first.click()
    wait_for_panel(page, source.channel_id)
    expect(page).to_have_url(re.compile(f"class=3&layer=conv3&channel={source.channel}&channel_layer={source.layer}$"))
    best = store.read_uses(source)[0].class_id
    panel.locator(".classes-rows .bar-row").first.click()
    expect(page).to_have_url(
        re.compile(f"class={best}&layer=conv3&channel={source.channel}&channel_layer={source.layer}$")
    )
    expect(panel.locator(".class-name.this")).to_have_text(re.compile(f"^{store.classes[best].short_name}"))


def test_both_classes_of_a_comparison(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, f"{url}?class=0&vs=6&view=compare&layer=conv4&channel=2", "conv4-2")
    counts = store.read_counts("conv4")[:, 2]
    for place, class_id in enumerate((0, 6)):
        use = panel.locator(".use").nth(place)
        expect(use).to_contain_text(f"{store.classes[class_id].short_name}: {counts[class_id] / 2:.1f} %")
        expect(use.locator(".badge")).to_have_text("AB"[place])
    panel.locator("[data-owner='6']").click()
    expect(panel.locator(".examples img").first).to_have_attribute("src", re.compile(r"/example/conv4/2/6/0\.webp"))
    page.evaluate("() => summitDash.dispatch({view: 'graph'})")
    expect(panel.locator(".use")).to_have_count(1)


def test_examples_of_this_class_and_larger_ones(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    panel.locator("[data-owner='3']").click()
    first = store.pictures.list_examples(Channel("conv3", 5), 3)[0]
    example = panel.locator(".examples button").first
    said = f"No. 1: image {first.image_id}, activation {first.activation:.3g}"
    shown = read_predictions(store, [first.image_id or 0])[first.image_id or 0]
    label = example.get_attribute("aria-label") or ""
    assert label.startswith(f"{said}, {store.classes[shown.class_id].short_name}, predicted ")
    assert label.endswith(f": {'right' if shown.is_right else 'wrong'}, {shown.path}")
    zoom = page.locator(".example-zoom")
    example.hover()
    expect(zoom).to_contain_text(said)
    assert zoom.locator("img").bounding_box()["width"] > 2 * example.bounding_box()["width"]
    panel.locator("h2").hover()
    expect(zoom).to_be_hidden()
    panel.locator(".examples button").nth(3).focus()
    expect(zoom).to_contain_text("No. 4:")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Dataset examples of conv3-5")
    expect(dialog).to_contain_text("No. 4 of conv3-5")
    expect(dialog).to_contain_text(re.compile("Predicted.* %, (right|wrong)Path.*png"))
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("No. 3 of conv3-5")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(panel.locator(".examples button").nth(3)).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(zoom).to_be_hidden()


def test_the_pin_adds_and_removes_the_channel(page: Page, url: str) -> None:
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    pin = panel.get_by_label("Pin the channel")
    pin.click()
    expect(pin).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("pins=conv3-5"))
    pin.focus()
    page.keyboard.press("Enter")
    expect(pin).to_have_attribute("aria-pressed", "false")
    expect(pin).to_be_focused()
    expect(page).not_to_have_url(re.compile("pins="))


def test_focus_goes_in_where_a_key_opened_it_and_back(page: Page, url: str) -> None:
    go(page, url)
    tab = page.locator("#tabs [data-view=channels]")
    tab.focus()
    page.keyboard.press("Shift")
    page.evaluate("() => summitDash.dispatch({layer: 'conv2', channel: 4})")
    panel = wait_for_panel(page, "conv2-4")
    expect(panel.locator("h2")).to_be_focused()
    panel.locator(".ends .bar-row").first.focus()
    page.keyboard.press("Enter")
    expect(panel.locator("h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(tab).to_be_focused()


@pytest.mark.parametrize(
    ("query", "rule", "found"),
    [
        ("?layer=nope&channel=3", "A channel belongs to one of the layers conv1, conv2,", "The link says layer=nope."),
        ("?layer=conv3&channel=32", "A channel of conv3 is a number from 0 to 31.", "The link says channel=32."),
        ("?layer=conv3&channel=six", "A channel of conv3 is a number from 0 to 31.", "The link says channel=six."),
    ],
)
def test_a_link_to_no_channel_is_explained(page: Page, url: str, query: str, rule: str, found: str) -> None:
    go(page, f"{url}{query}")
    panel = page.locator("#panel")
    expect(panel).to_contain_text(rule)
    expect(panel).to_contain_text(found)
    page.locator("body").press("Escape")
    expect(panel).to_be_hidden()


def test_quick_changes_show_the_last_channel(page: Page, url: str) -> None:
    open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    page.evaluate("() => [6, 7, 8, 9].forEach((channel) => summitDash.dispatch({channel}))")
    panel = wait_for_panel(page, "conv3-9")
    expect(panel.locator("h2")).to_have_text("conv3-9")
    expect(panel.locator(".portrait img")).to_have_attribute("src", re.compile(r"/picture/conv3/9\.webp"))


def test_the_panel_is_closed_by_its_button_and_stays_at_a_new_layer(page: Page, url: str) -> None:
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    panel.get_by_label("Close the channel").click()
    expect(panel).to_be_hidden()
    page.evaluate("() => summitDash.dispatch({channel: 6})")
    wait_for_panel(page, "conv3-6")
    page.evaluate("() => summitDash.dispatch({layer: 'conv1'})")
    expect(page.locator('#layer-strip [aria-pressed="true"]')).to_have_attribute("data-layer", "conv1")
    expect(panel.locator("h2")).to_have_text("conv3-6")
    page.evaluate("() => summitDash.dispatch({channel: 6, view: 'about'})")
    expect(panel).to_be_hidden()


@pytest.fixture(scope="module")
def rich_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A run with every kind of visualization of one channel, a dead channel and an outlier."""
    spec = SyntheticRun(n_classes=4, layers=(("conv1", 8), ("conv2", 8)), influence="traced")
    path = write_synthetic_run(tmp_path_factory.mktemp("runs") / "rich", spec)
    table = read_table(path, "feature_visualizations")
    kinds = ["diversity-0", "diversity-1", "diversity-2", "diversity-3", "negative", "neuron"]
    rows = [row for row in table.to_pylist() if (row["layer"], row["channel"]) != ("conv1", 3)]
    base = next(row for row in table.to_pylist() if (row["layer"], row["channel"]) == ("conv1", 3))
    more = [{**base, "kind": kind, "image": draw_picture(n, 32)} for n, kind in enumerate(["channel", *kinds])]
    rows = sorted([*rows, *more], key=lambda row: (row["layer"], row["channel"], row["kind"]))
    write_table(path, "feature_visualizations", {name: [row[name] for row in rows] for name in table.column_names})
    facts = read_table(path, "channels").to_pydict()
    facts["is_dead"][3], facts["is_outlier"][4] = True, True
    write_table(path, "channels", facts)
    with serve(path) as address:
        yield address


@pytest.fixture
def rich_page(browser: Browser, rich_url: str) -> Iterator[Page]:
    words: list[str] = []
    page = browser.new_page(viewport={"width": 1024, "height": 768}, reduced_motion="reduce")
    watch(page, rich_url, words)
    yield page
    page.close()
    assert words == []


def test_every_kind_of_visualization_and_the_flags(rich_page: Page, rich_url: str) -> None:
    panel = open_panel(rich_page, f"{rich_url}?class=1&layer=conv1&channel=3", "conv1-3")
    expect(panel.locator(".kind")).to_have_count(7)
    expect(panel.locator(".flag")).to_have_text("dead")
    panel.get_by_role("button", name="negative").click()
    expect(panel.locator(".portrait img")).to_have_attribute(
        "src", re.compile(r"/visualization/conv1/3/negative\.webp")
    )
    expect(panel.locator(".caption")).to_have_text("feature visualization, negative")
    expect(panel.locator(".kind[aria-pressed=true]")).to_have_attribute("data-kind", "negative")
    rich_page.wait_for_function(PICTURES_LOADED)
    expect(panel.locator(".ends")).to_contain_text("None recorded: this is the first layer.")
    expect(panel.locator(".measure")).to_have_text("exact influence")
    rich_page.evaluate("() => summitDash.dispatch({channel: 4})")
    wait_for_panel(rich_page, "conv1-4")
    expect(panel.locator(".flag")).to_have_text("outlier")
    expect(panel.locator(".kind")).to_have_count(0)


def test_an_example_is_for_what_is_not_visualized(rich_page: Page, rich_url: str) -> None:
    panel = open_panel(rich_page, f"{rich_url}?class=1&layer=conv1&channel=0", "conv1-0")
    expect(panel.locator(".caption")).to_have_text("example, no visualization")
    expect(panel.locator(".portrait.example img")).to_be_visible()
