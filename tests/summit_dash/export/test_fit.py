from __future__ import annotations

import pytest

from summit_dash.export.fit import SMALLEST_ZOOM, Point, Size, bend, fit_graph
from summit_dash.graph.elements import LARGEST


def test_a_small_graph_is_stretched_but_not_enlarged() -> None:
    fit = fit_graph([(-50, 0), (50, 0), (0, 162)], Size(1000, 500), gutter=92)
    assert fit.zoom == 1
    assert fit.x_scale == pytest.approx(2.2)
    assert fit.y_scale == pytest.approx((500 - 52 - LARGEST) / 162)
    assert fit.size == Size(1000, 500)


def test_a_large_graph_is_made_smaller_until_it_fits() -> None:
    points = [(-600, 0), (600, 0), (0, 1000)]
    fit = fit_graph(points, Size(1000, 700), gutter=92)
    assert SMALLEST_ZOOM < fit.zoom < 1
    for x, y in map(fit.locate, points):
        assert 92 + fit.zoom * LARGEST / 2 <= x + 1e-6 and x <= 1000 - fit.zoom * LARGEST / 2
        assert 0 < y < 700


def test_what_does_not_fit_at_the_smallest_zoom_enlarges_the_stage() -> None:
    fit = fit_graph([(-4000, 0), (4000, 0)], Size(500, 300), gutter=92)
    assert fit.zoom == SMALLEST_ZOOM
    assert fit.size.width == pytest.approx(8000 * SMALLEST_ZOOM + LARGEST * SMALLEST_ZOOM + 92 + 28)
    assert fit.size.height == 300
    assert fit.locate((-4000, 0)).x == pytest.approx(92 + LARGEST * SMALLEST_ZOOM / 2)


def test_one_node_is_in_the_middle() -> None:
    assert fit_graph([(7, 9)], Size(500, 300), gutter=92).locate((7, 9)) == Point(92 + 190, 30 + 124)


def test_a_curve_leaves_and_arrives_upright_and_meets_halfway() -> None:
    start, leaving, middle, arriving, end = bend(Point(0, 100), Point(60, 0))
    assert (start, end) == ((0, 100), (60, 0))
    assert leaving == (0, pytest.approx(58))
    assert arriving == (60, pytest.approx(42))
    assert middle == (30, 50)
