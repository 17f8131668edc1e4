"""How tests reach what the page draws: what stands where, and waiting until it is there."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

# --- left column: the embedding and the list of classes -------------------------------------------------------------


def open_left(page: Page, url: str) -> None:
    """Opens an address and waits for the list with its similarities, and for the embedding or what stands in for it."""
    page.goto(url)
    expect(page.locator("#embedding[data-layer], .embedding-empty:not(:empty)").first).to_be_visible()
    expect(page.locator("#class-list .row:visible").first).to_be_visible()
    page.wait_for_function("() => window.summitDash.list.state.similarity !== undefined")


def rows(page: Page) -> list[str]:
    """Names of the classes in the list that are in the document, from the top, without the pinned one."""
    return _texts(page, ".list-space .row[data-class]:not([hidden])", ".name")


def heads(page: Page) -> list[str]:
    """Names of the groups in the list, from the top."""
    return _texts(page, ".list-space .row[data-group]:not([hidden])", ".group-name")


def _texts(page: Page, row: str, part: str) -> list[str]:
    script = """([row, part]) => [...document.querySelectorAll(row)]
      .sort((a, b) => a.getAttribute('aria-posinset') - b.getAttribute('aria-posinset'))
      .map((each) => each.querySelector(part).textContent)"""
    found: list[str] = page.evaluate(script, [row, part])
    return found


def row(page: Page, class_id: int) -> Locator:
    """The row of a class, pinned or in the list."""
    return page.locator(f"#sidebar [role=option][data-class='{class_id}']")


def wait_for_rows(page: Page, n: int) -> None:
    """Waits until so many classes are in the document below the pinned one."""
    expect(page.locator(".list-space .row[data-class]:visible")).to_have_count(n)


def wait_for_first_row(page: Page, name: str) -> None:
    script = """(name) => document.querySelector('.list-space .row[data-class][aria-posinset="2"]:not([hidden]) .name')
      ?.textContent === name"""
    page.wait_for_function(script, arg=name)


def point(page: Page, class_id: int) -> tuple[float, float]:
    """Where the point of a class is, in pixels of the page."""
    found: dict[str, float] = page.evaluate("(id) => window.summitDash.embedding.at(id)", class_id)
    return found["x"], found["y"]


def wait_for_layer(page: Page, layer: str) -> None:
    """Waits until the embedding of a layer is drawn and nothing moves."""
    expect(page.locator("#embedding")).to_have_attribute("data-layer", layer)


def selection(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("() => window.summitDash.selection")
    return found


def wait_for_selection(page: Page, **fields: Any) -> None:
    """Waits until the page's state has these values."""
    script = """(fields) => Object.entries(fields)
      .every(([name, value]) => JSON.stringify(window.summitDash.selection[name]) === JSON.stringify(value))"""
    page.wait_for_function(script, arg=fields)
