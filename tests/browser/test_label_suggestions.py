"""Suggested labels: conv5-11 of the synthetic run is used most by three wolves."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from summit_dash.run.graphs import Channel
from summit_dash.run.labels import LABELS, read_labels, save_label
from summit_dash.run.store import RunStore
from tests.browser.drive import hover_node, open_graph, wait_for_drawn
from tests.browser.drive_channels import open_panel, wait_for_panel

pytestmark = pytest.mark.browser
AT = "?class=1&layer=conv5&channel=11"


@pytest.fixture
def store(run_path: Path) -> Iterator[RunStore]:
    """The run, which has no labels before and after."""
    yield RunStore(run_path)
    (run_path / LABELS).unlink(missing_ok=True)


def test_a_suggestion_is_saved_once_it_is_confirmed(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, url + AT, "conv5-11")
    button = panel.get_by_role("button", name="Suggested: wolf")
    expect(button).to_have_attribute("data-tip", "Shared by 3 of the 3 classes that use this channel most.")
    button.click()
    field = panel.get_by_label("Label of conv5-11")
    expect(field).to_have_value("wolf")
    expect(field).to_be_focused()
    expect(button).to_be_hidden()
    assert read_labels(store) == {}
    field.press("Enter")
    page.wait_for_function("() => summitDash.labels.of('conv5', 11) === 'wolf'")
    assert read_labels(store) == {"conv5": {"11": "wolf"}}
    expect(field).to_have_value("wolf")
    expect(panel.locator(".label-suggestion")).to_be_hidden()
    expect(panel.locator(".label-hint")).to_be_empty()


@pytest.mark.parametrize("way", ["Escape", "Tab"])
def test_a_suggestion_that_is_left_is_no_label(page: Page, url: str, store: RunStore, way: str) -> None:
    panel = open_panel(page, url + AT, "conv5-11")
    button = panel.get_by_role("button", name="Suggested: wolf")
    button.focus()
    page.keyboard.press("Enter")
    field = panel.get_by_label("Label of conv5-11")
    expect(field).to_have_value("wolf")
    page.keyboard.press(way)
    expect(field).to_have_value("")
    expect(button).to_be_visible()
    expect(panel).to_be_visible()
    button.click()
    expect(field).to_have_value("wolf")
    page.evaluate("() => summitDash.dispatch({channel: 12})")
    wait_for_panel(page, "conv5-12")
    assert read_labels(store) == {}
    assert not (store.path / LABELS).exists()


def test_a_suggestion_may_be_written_on(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, url + AT, "conv5-11")
    panel.get_by_role("button", name="Suggested: wolf").click()
    page.keyboard.press("End")
    page.keyboard.type(" fur")
    page.keyboard.press("Tab")
    page.wait_for_function("() => summitDash.labels.of('conv5', 11) === 'wolf fur'")
    assert read_labels(store) == {"conv5": {"11": "wolf fur"}}


def test_the_button_goes_while_a_label_is_typed(page: Page, url: str, store: RunStore) -> None:
    panel = open_panel(page, url + AT, "conv5-11")
    field, button = panel.get_by_label("Label of conv5-11"), panel.get_by_role("button", name="Suggested: wolf")
    field.click()
    expect(button).to_be_visible()
    page.keyboard.type("d")
    expect(button).to_be_hidden()
    page.keyboard.press("Backspace")
    expect(button).to_be_visible()
    button.click()  # from within the field
    expect(field).to_have_value("wolf")


@pytest.mark.usefixtures("new_page")
def test_a_channel_with_a_label_needs_no_suggestion(page: Page, url: str, store: RunStore) -> None:
    save_label(store, Channel("conv5", 11), "fur")
    panel = open_panel(page, url + AT, "conv5-11")
    expect(panel.get_by_label("Label of conv5-11")).to_have_value("fur")
    expect(panel.locator(".label-suggestion")).to_be_hidden()
    page.evaluate("() => summitDash.dispatch({channel: 12})")
    panel = wait_for_panel(page, "conv5-12")
    expect(panel.locator(".label-suggestion")).to_be_hidden()


@pytest.mark.usefixtures("new_page")
def test_where_labels_are_only_read_it_is_text(
    page: Page, url: str, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("summit_dash.run.labels.os.access", lambda *_: False)
    panel = open_panel(page, url + AT, "conv5-11")
    expect(panel.locator(".label-suggestion")).to_have_text("Suggested: wolf")
    expect(panel.locator(".label-suggestion button")).to_have_count(0)
    expect(panel.get_by_label("Label of conv5-11")).to_be_hidden()


def test_the_card_of_a_node_shows_it_below_the_rest(page: Page, url: str, store: RunStore) -> None:
    class_id = next(c for c in store.classes if any(n.channel == ("conv5", 11) for n in store.graph(c).nodes))
    open_graph(page, f"{url}?class={class_id}")
    hover_node(page, "conv5-11")
    expect(page.locator(".graph-card > :last-child")).to_have_text("suggested label: wolf")
    expect(page.locator(".graph-card")).not_to_contain_text("null")


def test_axe_finds_nothing_serious(page: Page, url: str) -> None:
    open_panel(page, url + AT, "conv5-11")
    wait_for_drawn(page, 1)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    for theme, paper in (("light", "rgb(251, 251, 252)"), ("dark", "rgb(16, 19, 25)")):
        if theme == "dark":
            page.get_by_role("button", name="Light or dark").click()
        page.wait_for_function("(paper) => getComputedStyle(document.body).backgroundColor === paper", arg=paper)
        violations = page.evaluate("async () => (await axe.run('#panel')).violations")
        assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == [], theme
