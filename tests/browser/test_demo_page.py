"""The demo run as `summit-dash serve` shows it: a real run, a real server process, a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from precompute.demo.scenes import CLASSES, DISCRIMINABLE
from summit_dash.run.store import RunStore
from tests.browser.conftest import watch
from tests.browser.drive import click_node, list_nodes, open_graph, wait_for_drawn

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(demo_run: Path) -> Iterator[str]:
    """The address that the command prints."""
    command = [sys.executable, "-m", "summit_dash.cli", "serve", str(demo_run), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "http://" in line)
        found = re.search(r"http://\S+/", line)
        assert found
        yield found.group()
        process.terminate()


def test_the_two_bears_of_the_demo(context: BrowserContext, served: str, demo_run: Path, words: list[str]) -> None:
    store = RunStore(demo_run)
    a, b = DISCRIMINABLE.class_a, DISCRIMINABLE.class_b
    page = context.new_page()
    watch(page, served, words)
    open_graph(page, f"{served}?class={a}")
    assert set(list_nodes(page)) == {node.channel.channel_id for node in store.graph(a).nodes}
    expect(page.locator("#graph h1")).to_contain_text(CLASSES[a].class_name)
    click_node(page, store.graph(a).nodes[-1].channel.channel_id)
    expect(page.locator("#panel")).to_contain_text("dataset examples")
    page.goto(f"{served}?class={a}&vs={b}&view=compare")
    wait_for_drawn(page, a, b)
    expect(page.locator("#graph")).to_contain_text("They part at residual")
    page.locator("#tabs [data-view=about]").click()
    expect(page.locator("#about-story-bears")).to_contain_text("From residual on")
    expect(page.locator("#about-story-hand li")).to_have_count(5)
    page.close()
    assert words == []
