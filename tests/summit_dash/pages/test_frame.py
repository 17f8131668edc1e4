from __future__ import annotations

import json
import re

import pytest
from dash import html

from summit_dash.pages import ids, registry
from summit_dash.pages.frame import build_boot, build_page
from summit_dash.pages.header import build_help
from summit_dash.pages.page import Page
from summit_dash.pages.registry import RegisteredPage
from summit_dash.run.store import RunStore
from tests.support.rendering import render


def list_views(page: str) -> list[str]:
    return re.findall(r'data-view="([^"]+)"', page)


def list_panes(page: str) -> list[str]:
    return re.findall(r'data-pane="([^"]+)"', page)


def test_every_view_has_a_tab_and_a_pane() -> None:
    page = render(build_page("logo.svg", is_static=True))
    assert list_views(page) == ["graph", "compare", "channels", "proof", "confusions", "transfer", "about"]
    assert list_panes(page) == ["graph compare", "channels", "proof", "confusions", "transfer", "about"]


def test_every_id_is_there_once() -> None:
    page = render([build_page("logo.svg", is_static=True), build_help()])
    found = re.findall(r' id="([^"]+)"', page) + re.findall(r"&quot;id&quot;:&quot;([^&]+)&quot;", page)
    named = {value for name, value in vars(ids).items() if name.isupper()} - {ids.SELECTION, ids.PAGES_SELECTION}
    assert len(found) == len(set(found))
    assert named == set(found), "ids.py has those that the scripts of assets/ use; a page that computes keeps its own"


@pytest.fixture
def with_two(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = RegisteredPage(Page("plain", "Plain & simple"), lambda: html.P("words"))
    live = RegisteredPage(Page("live", "Live", needs_server=True), lambda: html.P("more"))
    html_pages = [entry for entry in registry.PAGES if not entry.page.needs_server]
    monkeypatch.setattr(registry, "PAGES", (*html_pages, plain, live))


@pytest.mark.usefixtures("with_two")
def test_a_new_page_gets_its_tab_and_a_closed_pane_of_its_own() -> None:
    page = render(build_page("logo.svg"))
    assert list_views(page)[-2:] == list_panes(page)[-2:] == ["plain", "live"]
    pane = re.search(r"<section[^>]*data-pane=\"plain\"[^>]*>.*?</section>", page)
    assert pane is not None
    assert " hidden" in pane[0] and 'aria-label="Plain &amp; simple"' in pane[0] and "<p>words</p>" in pane[0]


@pytest.mark.usefixtures("with_two")
def test_a_static_page_has_no_view_that_needs_a_server() -> None:
    page = render(build_page("logo.svg", is_static=True))
    assert list_views(page)[-1] == list_panes(page)[-1] == "plain"


def test_the_scripts_know_every_run_and_its_version(store: RunStore, bare_store: RunStore) -> None:
    boot = json.loads(build_boot([store, bare_store], "/tools/"))
    assert boot["prefix"] == "/tools/"
    assert [run["name"] for run in boot["runs"]] == ["synthetic", "bare"]
    assert len({run["version"] for run in boot["runs"]}) == 2
