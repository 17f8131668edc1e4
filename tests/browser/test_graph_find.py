"""Boxes that the tools above the graph open: the field that finds a channel, and the legend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from summit_dash.run.store import RunStore
from tests.browser.drive import list_nodes, open_graph, wait_for_drawn

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def test_a_channel_is_found_by_its_number(page: Page, url: str, store: RunStore) -> None:
    open_graph(page, url)
    wait_for_drawn(page, 0)
    at = next(node.channel for node in store.graph(0).nodes if node.channel.layer == "conv4")
    page.keyboard.press("f")
    field = page.get_by_role("combobox", name="Find a channel in the graph")
    expect(field).to_be_focused()
    field.fill(at.channel_id)
    expect(page.get_by_role("listbox", name="Find a channel").get_by_role("option")).to_have_text([at.channel_id])
    assert at.channel_id in list_nodes(page, ".lit")
    field.fill("no such")
    expect(page.get_by_text("channels shown matches “no such”.")).to_be_visible()
    field.fill(at.channel_id)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"&channel={at.channel}&channel_layer=conv4$"))
    expect(field).to_be_hidden()


def test_the_legend_says_what_the_looks_mean(page: Page, url: str) -> None:
    open_graph(page, url)
    button = page.get_by_role("button", name="Legend")
    button.click()
    legend = page.get_by_role("group", name="Legend")
    for words in ("Size:", "Width:", "Dashes", "Strong points", "Brown mark"):
        expect(legend).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(legend).to_be_hidden()
    expect(button).to_be_focused()
