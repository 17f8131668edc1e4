from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from precompute.contract.errors import InputError
from summit_dash.run.graphs import Channel
from summit_dash.run.labels import LABELS, read_labels, save_label
from summit_dash.run.store import RunStore
from tests.browser.cytoscape import read_data
from tests.browser.drive import hover_node, open_graph, wait_for_selection
from tests.browser.drive_channels import find_tile, list_tiles, open_panel, open_wall, wait_for_panel

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("new_page")]


@pytest.fixture
def store(run_path: Path) -> Iterator[RunStore]:
    """The run, which has no labels before and after."""
    yield RunStore(run_path)
    (run_path / LABELS).unlink(missing_ok=True)


def test_a_label_is_written_in_the_panel_and_stays(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    field = panel.get_by_label("Label of conv3-5")
    field.fill("hands, <b>fish</b>")
    field.press("Enter")
    page.wait_for_function("() => summitDash.labels.of('conv3', 5) === 'hands, <b>fish</b>'")
    assert read_labels(store) == {"conv3": {"5": "hands, <b>fish</b>"}}
    page.reload()
    wait_for_panel(page, "conv3-5")
    expect(field).to_have_value("hands, <b>fish</b>")
    field.fill("")
    field.press("Enter")
    page.wait_for_function("() => summitDash.labels.of('conv3', 5) === ''")
    assert read_labels(store) == {}


def test_escape_leaves_the_label_as_it_was(page: Page, url: str, store: RunStore) -> None:
    save_label(store, Channel("conv3", 5), "fur")
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    field = panel.get_by_label("Label of conv3-5")
    expect(field).to_have_value("fur")
    field.fill("feathers")
    field.press("Escape")
    expect(field).to_have_value("fur")
    expect(panel).to_be_visible()
    assert read_labels(store) == {"conv3": {"5": "fur"}}


def test_labels_are_told_to_the_page(page: Page, url: str, store: RunStore) -> None:
    open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    page.evaluate("() => document.addEventListener('summit-labels', () => (window.told = (window.told || 0) + 1))")
    assert page.evaluate("() => summitDash.labels.save('conv2', 1, 'edges')") is None
    assert page.evaluate("() => window.told") == 1
    assert page.evaluate("() => summitDash.labels.all()") == [{"layer": "conv2", "channel": 1, "label": "edges"}]


def test_the_wall_shows_and_finds_labels(page: Page, url: str, store: RunStore) -> None:
    save_label(store, Channel("conv3", 5), "Wolf hands")
    save_label(store, Channel("conv3", 9), "wolf ears")
    save_label(store, Channel("conv1", 2), "edges")
    open_wall(page, f"{url}?view=channels&layer=conv3&order=number", "conv3")
    expect(find_tile(page, "conv3-5").locator(".tile-label")).to_have_text("Wolf hands")
    page.get_by_label("Find channels by number or label").fill("wolf")
    assert list_tiles(page) == [5, 9]
    page.get_by_label("Find channels by number or label").fill("hands wolf")
    assert list_tiles(page) == [5]
    find_tile(page, "conv3-5").click()
    field = wait_for_panel(page, "conv3-5").get_by_label("Label of conv3-5")
    field.fill("Paws")
    field.press("Enter")
    expect(page.locator(".wall-none")).to_be_visible()
    page.get_by_role("button", name="Show all channels").click()
    expect(find_tile(page, "conv3-5").locator(".tile-label")).to_have_text("Paws")


def test_a_label_is_on_the_card_of_its_node_and_found_by_go_to(page: Page, url: str, store: RunStore) -> None:
    at = store.graph(3).nodes[0].channel
    save_label(store, at, "Wolf hands")
    open_graph(page, f"{url}?class=3")
    page.wait_for_function("() => summitDash.labels.all().length")
    assert read_data(page, at.channel_id)["label"] == "Wolf hands"
    page.evaluate("(at) => summitDash.labels.save(...at, 'Paws')", [at.layer, at.channel])
    page.wait_for_function("() => summitDash.graph.canvas().nodes('.named').some((n) => n.data('label') === 'Paws')")
    page.evaluate("(at) => summitDash.labels.save(...at, 'Wolf hands')", [at.layer, at.channel])
    hover_node(page, at.channel_id)
    expect(page.locator(".card-label")).to_have_text("Wolf hands")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("hands")
    page.keyboard.press("Enter")
    wait_for_selection(page, channel_layer=at.layer, channel=at.channel)


def test_labels_are_downloaded(page: Page, url: str, store: RunStore) -> None:
    save_label(store, Channel("conv3", 12), 'a "quoted", word')
    save_label(store, Channel("conv3", 5), "fur")
    open_wall(page, f"{url}?view=channels&layer=conv1", "conv1")
    expect(page.locator(".label-files")).to_contain_text("2 labels")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "synthetic-labels.csv"
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["layer", "channel", "label"], ["conv3", "5", "fur"], ["conv3", "12", 'a "quoted", word']]
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8"))[0] == {
        "layer": "conv3",
        "channel": 5,
        "label": "fur",
    }


def test_what_cannot_be_saved_is_said(
    page: Page, url: str, store: RunStore, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(30, "Read-only file system", LABELS)

    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    monkeypatch.setattr("summit_dash.run.labels._write_file", refuse)
    field = panel.get_by_label("Label of conv3-5")
    field.fill("fur")
    field.press("Enter")
    expect(panel.locator(".label-state")).to_contain_text("Not saved. labels.json: Read-only file system.")
    expect(field).to_have_value("fur")
    assert len(words) == 2  # the refused answer, and the console's word of it
    words.clear()


def test_labels_that_cannot_be_read_are_said_in_place_of_a_field(
    page: Page, url: str, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise InputError("Labels can be read.", "labels.json: Permission denied.", "Let the server read it.")

    monkeypatch.setattr("summit_dash.run.labels._read_file", refuse)
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=7", "conv3-7")
    expect(panel.locator(".label-state")).to_have_text("labels.json: Permission denied. Let the server read it.")
    expect(panel.get_by_label("Label of conv3-7")).to_be_hidden()


def test_where_the_folder_takes_none_labels_are_only_read(
    page: Page, url: str, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_label(store, Channel("conv3", 5), "fur")
    monkeypatch.setattr("summit_dash.run.labels.os.access", lambda *_: False)
    panel = open_panel(page, f"{url}?class=3&layer=conv3&channel=5", "conv3-5")
    expect(panel.get_by_label("Label of conv3-5")).to_have_value("fur")
    expect(panel.get_by_label("Label of conv3-5")).not_to_be_editable()
    page.evaluate("() => summitDash.dispatch({channel: 6})")
    wait_for_panel(page, "conv3-6")
    expect(panel.locator(".label-field")).to_be_hidden()
