"""Actions on the page and waits for its answers: the one module that knows the elements of the page."""

from __future__ import annotations

import itertools
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.cytoscape import find_free_point, list_edges, list_nodes, locate_node, measure_node

__all__ = [
    "click_node",
    "download",
    "find_point",
    "find_row",
    "go",
    "hover_edge",
    "hover_node",
    "leave_graph",
    "list_edges",
    "list_groups",
    "list_names",
    "list_nodes",
    "measure_graph",
    "measure_node",
    "open_graph",
    "open_left",
    "read_selection",
    "slide",
    "wait_for_drawn",
    "wait_for_first_row",
    "wait_for_layer",
    "wait_for_rows",
    "wait_for_selection",
    "wait_for_shown",
]

POINT = """(id) => {
  const points = document.querySelector('#embedding-graph .scatterlayer .trace').querySelectorAll('.point');
  const {x, y, width, height} = points[window.summitDash.run.classById.get(id).place].getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}"""
"""Finds the point of a class, where every class has one."""

_SHOWN = "(selector) => [...document.querySelectorAll(selector)].some((each) => each.checkVisibility())"


def wait_for_shown(page: Page, selector: str) -> None:
    """Waits until an element is visible; looks in every frame, where `expect` looks less and less often."""
    page.wait_for_function(_SHOWN, arg=selector)


# --- addresses ------------------------------------------------------------------------------------------------------

_GO = """(query) => {
  const {pathname} = window.location;
  window.history.pushState(null, '', pathname + query);
  window.dispatchEvent(new PopStateEvent('popstate'));
}"""
_NOWHERE = itertools.count(900_000_000)
"""Classes that are none, each another one, so that each is shown: nothing of what was shown before is left there."""
_IS_NOWHERE = """(nowhere) => {
  const [stage, empty] = ['stage', 'empty'].map((name) => document.querySelector(`#graph .graph-${name}`));
  const isThere = window.summitDash.list.state.selection.class_id === nowhere;
  if (!isThere || stage.dataset.drawn || !empty?.childElementCount) return false;
  empty.replaceChildren();
  return true;
}"""
"""Takes the message of no class away once it is there: what comes next is waited for."""
_IS_SOMEWHERE = "() => window.summitDash.list.state.selection.class_id < 900000000"
_IS_OPEN = """() => {
  const {selection, list, run} = window.summitDash ?? {};
  if (!selection || !list.state || run.kind === 'transfer') return false;
  return JSON.parse(document.getElementById('boot').textContent).runs.length === 1;
}"""


def go(page: Page, address: str) -> None:
    """Opens an address; within the page where its server's page is open already, as the browser's history does."""
    base, mark, query = address.partition("?")
    if page.url.partition("?")[0] == base and page.evaluate(_IS_OPEN):
        nowhere = next(_NOWHERE)
        page.evaluate(_GO, f"?class={nowhere}")
        page.wait_for_function(_IS_NOWHERE, arg=nowhere)
        page.evaluate(_GO, mark + query)
        page.wait_for_function(_IS_SOMEWHERE)
    else:
        page.goto(address)


# --- left column: the embedding and the list of classes -------------------------------------------------------------


_LEFT = """() => {
  const {selection, list, embedding} = window.summitDash ?? {};
  const isShown = (selector) => [...document.querySelectorAll(selector)].some((each) => each.checkVisibility());
  return selection && list.state?.similarity !== undefined && isShown('#class-list .row')
    && (isShown('.embedding-empty:not(:empty)')
      || (embedding.plot?.layer === selection.layer && isShown(`#embedding[data-layer="${selection.layer}"]`)));
}"""


def open_left(page: Page, url: str) -> None:
    """Opens an address and waits for the list with its similarities, and for the embedding or its message."""
    go(page, url)
    page.wait_for_function(_LEFT)


def list_names(page: Page) -> list[str]:
    """Returns the names of the listed classes in the document, from the top, without the pinned one."""
    return _list_texts(page, ".list-space .row[data-class]:not([hidden])", ".name")


def list_groups(page: Page) -> list[str]:
    """Returns the names of the groups in the list, from the top."""
    return _list_texts(page, ".list-space .row[data-group]:not([hidden])", ".group-name")


def _list_texts(page: Page, row: str, part: str) -> list[str]:
    script = """([row, part]) => [...document.querySelectorAll(row)]
      .sort((a, b) => a.getAttribute('aria-posinset') - b.getAttribute('aria-posinset'))
      .map((each) => each.querySelector(part).textContent)"""
    found: list[str] = page.evaluate(script, [row, part])
    return found


def find_row(page: Page, class_id: int) -> Locator:
    """Returns the row of a class, pinned or in the list."""
    return page.locator(f"#sidebar [role=option][data-class='{class_id}']")


def wait_for_rows(page: Page, n: int) -> None:
    """Waits until `n` classes are in the document below the pinned one."""
    expect(page.locator(".list-space .row[data-class]:visible")).to_have_count(n)


def wait_for_first_row(page: Page, name: str) -> None:
    script = """(name) => document.querySelector('.list-space .row[data-class][aria-posinset="2"]:not([hidden]) .name')
      ?.textContent === name"""
    page.wait_for_function(script, arg=name)


def find_point(page: Page, class_id: int) -> tuple[float, float]:
    """Returns x and y of the point of a class in the drawn embedding, in pixels of the page."""
    x, y = page.evaluate(POINT, class_id)
    return x, y


def wait_for_point(page: Page, class_id: int, x: float, y: float, within: float = 1.5) -> None:
    """Waits until the point of a class is drawn at a position of the page."""
    script = f"([id, x, y, within]) => {{ const [a, b] = ({POINT})(id); return Math.hypot(a - x, b - y) < within; }}"
    page.wait_for_function(script, arg=[class_id, x, y, within])


def wait_for_layer(page: Page, layer: str) -> None:
    """Waits until the embedding of a layer is drawn and nothing moves."""
    wait_for_shown(page, f'#embedding[data-layer="{layer}"]')


def read_selection(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("() => window.summitDash.selection")
    return found


def wait_for_selection(page: Page, **fields: Any) -> None:
    """Waits until the page's state has these values."""
    script = """(fields) => Object.entries(fields)
      .every(([name, value]) => JSON.stringify(window.summitDash.selection[name]) === JSON.stringify(value))"""
    page.wait_for_function(script, arg=fields)


# --- the graph ------------------------------------------------------------------------------------------------------


def open_graph(page: Page, url: str) -> None:
    """Opens an address and waits for the graph or its message."""
    go(page, url)
    wait_for_shown(page, "#graph .graph-stage[data-drawn], #graph .graph-empty:not(:empty)")


def wait_for_drawn(page: Page, *class_ids: int) -> None:
    """Waits until the graph of a class, or of two, is painted."""
    wanted = ",".join(str(class_id) for class_id in class_ids)
    wait_for_shown(page, f'#graph .graph-stage[data-drawn="{wanted}"]')


def click_node(page: Page, channel_id: str) -> None:
    page.mouse.click(*locate_node(page, channel_id))


def hover_node(page: Page, channel_id: str) -> None:
    page.mouse.move(*locate_node(page, channel_id))


def hover_edge(page: Page, edge_id: str) -> None:
    """Puts the pointer on a point of an edge that no other element covers."""
    page.mouse.move(*find_free_point(page, edge_id))


def leave_graph(page: Page) -> None:
    """Takes the pointer out of the graph."""
    page.locator("header").hover()


def slide(page: Page, name: str, value: int) -> None:
    """Drags a slider of the graph."""
    page.locator(f"#{name}").fill(str(value))


def measure_graph(page: Page) -> tuple[float, float]:
    """Returns width and height of all nodes together, in pixels."""
    boxes = [measure_node(page, channel_id) for channel_id in list_nodes(page)]
    right, left = max(b["x"] + b["width"] for b in boxes), min(b["x"] for b in boxes)
    bottom, top = max(b["y"] + b["height"] for b in boxes), min(b["y"] for b in boxes)
    return right - left, bottom - top


def download(page: Page, name: str) -> tuple[str, bytes]:
    """Saves the shown graph in a format of its menu, and returns the file's name and bytes."""
    page.get_by_label("Save as a file").click()
    with page.expect_download() as waiting:
        page.locator(f"#graph [data-format={name}]").click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()
