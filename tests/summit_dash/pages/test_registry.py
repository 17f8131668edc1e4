from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from summit_dash.export.site import write_site
from summit_dash.pages import registry
from summit_dash.pages.asset_files import find_assets
from summit_dash.pages.page import Page
from summit_dash.pages.registry import PAGES, find_pages, read_pages
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


def make_module(page: Any, **functions: Any) -> ModuleType:
    module = ModuleType("a_page")
    module.__dict__.update(PAGE=page, **functions)
    return module


def build_upload() -> Component:
    return html.Div([dcc.Upload("Drop a picture", id="upload"), html.Div(id="answer")])


def register_upload(app: Dash) -> None:
    @app.callback(Output("answer", "children"), Input("upload", "contents"))
    def answer(contents: str) -> str:
        return f"{len(contents)} characters"


@pytest.fixture
def with_upload(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A page with an upload and a callback of Python, as a new module of the folder would add it."""
    module = make_module(
        Page("upload", "Upload", needs_server=True, order=35),
        build_layout=build_upload,
        register_callbacks=register_upload,
    )
    pages = read_pages([module])
    monkeypatch.setattr(registry, "PAGES", tuple(sorted([*PAGES, *pages], key=lambda entry: entry.page.order)))
    yield


def test_the_pages_are_those_of_the_folder_in_order() -> None:
    found = [(entry.page.key, entry.page.title) for entry in find_pages() if not entry.page.needs_server]
    assert found == [
        ("graph", "Graph"),
        ("compare", "Compare"),
        ("channels", "Channels"),
        ("proof", "Proof"),
        ("confusions", "Confusions"),
        ("transfer", "Transfer"),
        ("about", "About"),
    ]


def test_a_page_needs_neither_layout_nor_callbacks() -> None:
    (entry,) = read_pages([make_module(Page("a", "A"))])
    assert (entry.build_layout, entry.register_callbacks) == (None, None)


def test_pages_go_by_order_and_then_by_key() -> None:
    modules = [make_module(Page(key, key, order=order)) for key, order in (("c", 1), ("b", 2), ("a", 2), ("d", 0))]
    assert [entry.page.key for entry in read_pages(modules)] == ["d", "c", "a", "b"]


def test_modules_without_a_page_are_passed_over() -> None:
    assert read_pages([make_module("no page"), ModuleType("empty")]) == ()


def test_two_pages_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="key 'a'"):
        read_pages([make_module(Page("a", "A")), make_module(Page("a", "B"))])


@pytest.mark.usefixtures("with_upload")
def test_a_page_with_a_callback_is_served(store: RunStore) -> None:
    client = create_app([store]).server.test_client()
    layout = client.get("/_dash-layout").text
    assert '"data-view":"upload"' in layout and '"data-pane":"upload"' in layout and '"Upload"' in layout
    body = {
        "output": "answer.children",
        "outputs": {"id": "answer", "property": "children"},
        "inputs": [{"id": "upload", "property": "contents", "value": "12345"}],
        "changedPropIds": ["upload.contents"],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.json["response"] == {"answer": {"children": "5 characters"}}


@pytest.mark.usefixtures("with_upload")
def test_a_static_site_leaves_it_out(tmp_path: Path) -> None:
    options = SyntheticRun(n_classes=2, layers=(("a", 4), ("b", 4)), n_images=4, picture_size=8)
    store = RunStore(write_synthetic_run(tmp_path / "run", options))
    write_site(store, tmp_path / "site", find_assets(), lambda path, n_written: None)
    page = (tmp_path / "site" / "index.html").read_text()
    answers = page[page.index('<script id="answers"') :].partition("</script>")[0]
    assert "upload" not in answers.casefold()
    assert '"data-view":"about"' in answers
