"""Ways to open the page at a channel, and to read the panel and the wall."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.drive import go

__all__ = ["find_tile", "list_tiles", "open_panel", "open_wall"]


def open_panel(page: Page, address: str, channel_id: str) -> Locator:
    """Opens an address and returns the panel, filled with the channel."""
    go(page, address)
    return wait_for_panel(page, channel_id)


def wait_for_panel(page: Page, channel_id: str) -> Locator:
    panel = page.locator("#panel")
    expect(panel).to_have_attribute("data-channel", channel_id)
    return panel


def open_wall(page: Page, address: str, layer: str) -> Locator:
    """Opens an address and returns the wall, filled with the channels of the layer."""
    go(page, address)
    return wait_for_wall(page, layer)


def wait_for_wall(page: Page, layer: str) -> Locator:
    wall = page.locator("#channels .wall")
    expect(wall).to_have_attribute("data-layer", layer)
    expect(wall.locator(".tile").first).to_be_visible()
    return wall


def find_tile(page: Page, channel_id: str) -> Locator:
    return page.locator(f'#channels [data-tile="{channel_id}"]')


def list_tiles(page: Page) -> list[int]:
    """Returns the channels of the tiles that are in the document, in the order of the wall."""
    script = "tiles => tiles.map(t => [Number(t.dataset.place), Number(t.dataset.tile.split('-').pop())])"
    return [channel for _, channel in sorted(page.locator("#channels .tile").evaluate_all(script))]
