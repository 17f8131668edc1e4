"""The tab of cells."""

from __future__ import annotations

import numpy as np

from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.pages.images_cells import color_cells
from summit_dash.run.store import RunStore
from tests.support.live_answers import LAYER
from tests.support.live_page import ask


def test_cells_have_their_channels_as_pictures_with_the_data_of_the_list(
    live: Live, visit: Visit, store: RunStore
) -> None:
    body = str(ask(live, visit, store, tab="cells").body)
    assert f"{LAYER}-0, {LAYER}-1" in body and "Row 1, column 2" in body
    assert "picture/" in body and '"strength": "2"' in body
    assert "red" in body and "orange" in str(ask(live, visit, store, tab="cells", against=1).body)


def test_a_cell_is_the_more_opaque_the_more_it_says_and_two_classes_share_it() -> None:
    strong, weak = color_cells(np.array([[2.0, -1.0]], np.float32), None)
    assert strong == "rgba(178, 24, 43, 0.850)" and weak == "rgba(33, 102, 172, 0.425)"
    (both,) = color_cells(np.array([[1.0]], np.float32), np.array([[-1.0]], np.float32))
    assert both.count("rgba") == 2 and ", 0.850)" in both and ", 0.000)" in both
    assert color_cells(np.zeros((1, 1), np.float32), None) == ["rgba(178, 24, 43, 0.000)"]
