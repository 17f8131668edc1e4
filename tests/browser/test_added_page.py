"""A page that computes, added as one module: its tab, its place in the palette, an upload and the server's answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from dash import Dash, Input, Output, dcc, html
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from summit_dash.pages import registry
from summit_dash.pages.page import Page
from tests.browser.conftest import serve

pytestmark = pytest.mark.browser


def build_layout() -> html.Div:
    return html.Div([dcc.Upload(html.Button("Choose files"), id="uploads", multiple=True), html.P(id="uploads-answer")])


def register_callbacks(app: Dash) -> None:
    @app.callback(Output("uploads-answer", "children"), Input("uploads", "filename"), prevent_initial_call=True)
    def count_files(names: list[str]) -> str:
        return f"{len(names)} files"


@pytest.fixture
def url(run_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the synthetic run, served with the added page."""
    module: Any = ModuleType("uploads")
    module.PAGE = Page("uploads", "Uploads", needs_server=True, order=50)
    module.build_layout, module.register_callbacks = build_layout, register_callbacks
    monkeypatch.setattr(registry, "PAGES", (*registry.PAGES, *registry.read_pages([module])))
    with serve(run_path) as address:
        yield address


def test_an_added_page_is_reached_by_tab_and_palette_and_answers(page: BrowserPage, url: str) -> None:
    page.goto(f"{url}?class=3")
    expect(page.locator("#graph h1")).to_be_visible()
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill("uploads")
    expect(page.locator("#palette [role=option]")).to_contain_text("Uploads")
    page.keyboard.press("Enter")
    expect(page.locator("#tabs [data-view=uploads]")).to_have_attribute("aria-selected", "true")
    expect(page.locator("[data-pane=graph\\ compare]")).to_be_hidden()
    files = [{"name": name, "mimeType": "text/plain", "buffer": b"a"} for name in ("one.txt", "two.txt")]
    page.locator("#uploads input").set_input_files(files)
    expect(page.locator("#uploads-answer")).to_have_text("2 files")
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill(page.evaluate("() => window.summitDash.run.classById.get(5).name"))
    page.keyboard.press("Enter")
    expect(page.locator("#tabs [data-view=graph]")).to_have_attribute("aria-selected", "true")
