"""The stores of the page do not grow with the number of graphs that it has shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.browser.drive import open_graph, wait_for_drawn

pytestmark = pytest.mark.browser
MOST_STYLES = 1000
"""Limit of `assets/src/views/cytoscape_memory.js`."""
_COUNT = "() => Object.keys(summitDash.graph.canvas().style().propCache).length"
"""Counts the values of styles that Cytoscape has parsed and keeps."""


def test_cytoscape_keeps_a_limited_number_of_values(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    counts = []
    for turn in range(24):
        class_id = (turn + 1) % 12
        page.evaluate("(action) => summitDash.dispatch(action)", {"class_id": class_id, "width": 60 + 7 * turn})
        wait_for_drawn(page, class_id)
        counts.append(page.evaluate(_COUNT))
    assert max(counts) <= MOST_STYLES + 1
    assert any(later < before for before, later in pairwise(counts))  # it was emptied
    assert max(counts) > MOST_STYLES / 4  # and it is the store that Cytoscape uses
