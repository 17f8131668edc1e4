from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from summit_dash.run.confusion_map import map_classes, map_groups
from summit_dash.run.store import RunStore
from tests.browser.drive import go, wait_for_selection

pytestmark = pytest.mark.browser


def test_the_heat_map_and_its_table_open_comparisons(page: Page, url: str, run_path: Path) -> None:
    store = RunStore(run_path)
    classes, groups = map_classes(store), map_groups(store)
    assert groups is not None
    go(page, f"{url}?view=confusions")
    cells = page.locator("#confusions .bars path")
    expect(cells).to_have_count(len(classes.cells))
    page.get_by_role("button", name="Groups", exact=True).last.click()
    expect(cells).to_have_count(len(groups.cells))
    table = page.locator(".confusions-table")
    table.locator("summary").click()
    expect(table.locator("tbody tr")).to_have_count(len(groups.cells))
    strongest = max(groups.cells, key=lambda cell: (cell.n_images, -cell.row))
    expect(table.locator("tbody tr").first).to_contain_text(re.compile(rf"{strongest.n_images:,} of "))
    shares = table.get_by_role("columnheader", name="Share")
    shares.get_by_role("button").press("Enter")
    expect(shares).to_have_attribute("aria-sort", "descending")
    shown = [float(text.removesuffix(" %")) for text in table.locator("tbody td:nth-child(4)").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    table.get_by_role("button", name=re.compile("^Compare")).first.click()
    wait_for_selection(page, view="compare")
