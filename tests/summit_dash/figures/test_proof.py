"""The figures of a class's proof."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.proof import build_curves, build_layers
from summit_dash.run.proofs import read_class_rows
from summit_dash.run.store import RunStore


def test_curves_have_bands_hovers_with_n_and_the_size_of_the_graph(proven_store: RunStore) -> None:
    n = len(proven_store.graph(0).nodes)
    figure = build_curves(read_class_rows(proven_store, 0), n, "light")
    named = {trace.name: trace for trace in figure.data if trace.name}
    line = named["without the first by PageRank"]
    assert list(line.x) == [n, 2 * n] and line.y[0] == pytest.approx(0.2)
    assert "20.0% [10.0%, 30.0%], n = 20" in line.hovertext[0]
    assert named["untouched"].y[0] == pytest.approx(0.9) and figure.layout.shapes[0].x0 == n
    band = figure.data[0]
    assert len(band.x) == 4 and band.hoverinfo == "skip"


def test_layers_have_a_dot_for_each_selection_with_its_interval(proven_store: RunStore) -> None:
    sizes = dict.fromkeys(proven_store.layers, 0)
    for node in proven_store.graph(0).nodes:
        sizes[node.channel.layer] += 1
    figure = build_layers(read_class_rows(proven_store, 0), sizes, "dark")
    assert [trace.name for trace in figure.data] == ["by PageRank", "by effect"]
    dot = figure.data[0]
    assert list(dot.x) == [0.5] and list(dot.error_x.array) == [0.25] and list(dot.error_x.arrayminus) == [0.25]
    assert list(figure.layout.yaxis.ticktext) == [layer for layer, n in sizes.items() if n]


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(InputError, match="light or dark"):
        build_curves([], 1, "blue")
