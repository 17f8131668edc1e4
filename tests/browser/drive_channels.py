"""Opens the page at a channel, and reads what the panel and the wall show."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

__all__ = ["open_panel", "open_wall", "places", "tile"]


def open_panel(page: Page, address: str, channel_id: str) -> Locator:
    """The panel once it is filled with the channel."""
    page.goto(address)
    return wait_for_panel(page, channel_id)


def wait_for_panel(page: Page, channel_id: str) -> Locator:
    panel = page.locator("#panel")
    expect(panel).to_have_attribute("data-channel", channel_id)
    return panel


def open_wall(page: Page, address: str, layer: str) -> Locator:
    """The wall once it holds the layer's channels."""
    page.goto(address)
    return wait_for_wall(page, layer)


def wait_for_wall(page: Page, layer: str) -> Locator:
    wall = page.locator("#channels .wall")
    expect(wall).to_have_attribute("data-layer", layer)
    expect(wall.locator(".tile").first).to_be_visible()
    return wall


def tile(page: Page, channel_id: str) -> Locator:
    return page.locator(f'#channels [data-tile="{channel_id}"]')


def places(page: Page) -> list[int]:
    """The channels of the tiles that are elements now, in the order of the wall."""
    script = "tiles => tiles.map(t => [Number(t.dataset.place), Number(t.dataset.tile.split('-').pop())])"
    return [channel for _, channel in sorted(page.locator("#channels .tile").evaluate_all(script))]
