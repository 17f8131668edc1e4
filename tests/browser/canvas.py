"""The one place that knows how to reach into the canvases of the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

_CY = "document.querySelector('#graph')._cyreg.cy"


def open_page(page: Page, url: str) -> None:
    """Opens an address and waits until the graph, or what stands in for it, is there."""
    page.goto(url)
    expect(page.locator("#graph-stage[data-drawn], #graph-empty:not(:empty)").first).to_be_visible()
    expect(page.locator("#class-grid .ag-row").first).to_be_visible()


def nodes(page: Page, selector: str = "") -> list[str]:
    """Ids of the graph's nodes."""
    found: list[str] = page.evaluate(f"(s) => {_CY}.nodes(s || 'node').map((n) => n.id())", selector)
    return found


def visible_nodes(page: Page) -> list[str]:
    found: list[str] = page.evaluate(f"() => {_CY}.nodes().filter((n) => n.visible()).map((n) => n.id())")
    return found


def tap(page: Page, node: str) -> None:
    """A click on a node, without pixels."""
    page.evaluate(f"(id) => {_CY}.getElementById(id).emit('tap')", node)


def hover(page: Page, node: str, event: str = "mouseover") -> None:
    page.evaluate(f"([id, e]) => {_CY}.getElementById(id).emit(e)", [node, event])


def wait_for_graph(page: Page, of: list[str]) -> None:
    """Waits until the canvas holds exactly these nodes."""
    page.wait_for_function(
        f"(ids) => {_CY}.nodes().length === ids.length && ids.every((id) => {_CY}.getElementById(id).length)", arg=of
    )


def wait_until(page: Page, script: str, arg: Any = None) -> None:
    page.wait_for_function(script, arg=arg)


def click_point(page: Page, class_id: int) -> None:
    """A click on the point of a class in the embedding."""
    wait_until(page, "() => document.querySelector('#embedding .js-plotly-plot')?.dataset.bound")
    wait_until(page, "() => document.querySelector('#embedding .js-plotly-plot').data[0].x.length > 0")
    page.evaluate(
        "(c) => document.querySelector('#embedding .js-plotly-plot').emit('plotly_click', {points: [{customdata: c}]})",
        class_id,
    )


def rows(page: Page) -> list[str]:
    """Names in the list of classes, from the top, without the pinned one."""
    script = """() => [...document.querySelectorAll('#class-grid .ag-center-cols-container .ag-row')]
      .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
      .map((row) => row.querySelector('.name').textContent)"""
    found: list[str] = page.evaluate(script)
    return found
