from __future__ import annotations

import numpy as np
import pytest

from summit_dash.graph.comparison import LayerComparison, Part, compare, find_parting_layer
from summit_dash.run.graphs import Channel
from tests.support.drawn_graphs import draw_graph

A = draw_graph(
    """
    c | 1 2
    b | 1 2 3
    a | 1 2
    """,
    "a1>b1 a2>b2 b1>c1 b2>c2",
)
B = draw_graph(
    """
    c | 3 4
    b | 2 3 4
    a | 1 2
    """,
    "a1>b2 a2>b2 b2>c3",
)


def test_every_channel_belongs_to_one_part() -> None:
    result = compare(A, B)
    assert {c.channel_id for c, part in result.nodes.items() if part is Part.SHARED} == {"a-1", "a-2", "b-2", "b-3"}
    assert {c.channel_id for c, part in result.nodes.items() if part is Part.ONLY_A} == {"b-1", "c-1", "c-2"}
    assert {c.channel_id for c, part in result.nodes.items() if part is Part.ONLY_B} == {"b-4", "c-3", "c-4"}
    assert (result.count(Part.SHARED), result.count(Part.ONLY_A), result.count(Part.ONLY_B)) == (4, 3, 3)


def test_an_edge_between_shared_channels_may_be_one_classes_own() -> None:
    edges = compare(A, B).edges
    assert edges[Channel("a", 2), Channel("b", 2)] is Part.SHARED
    assert edges[Channel("a", 1), Channel("b", 2)] is Part.ONLY_B
    assert edges[Channel("b", 2), Channel("c", 2)] is Part.ONLY_A


def test_numbers_per_layer() -> None:
    layers = {layer.layer: layer for layer in compare(A, B).layers}
    assert layers["a"].jaccard == 1
    assert layers["b"].jaccard == pytest.approx(2 / 4)
    assert layers["c"].jaccard == 0
    assert (layers["b"].n_shared, layers["b"].n_only_a, layers["b"].n_only_b) == (2, 1, 1)


def test_they_part_where_less_than_half_is_shared() -> None:
    assert compare(A, B).parting_layer == "c"


def test_a_class_never_parts_from_itself() -> None:
    result = compare(A, A)
    assert result.parting_layer is None
    assert set(result.nodes.values()) == {Part.SHARED}


@pytest.mark.parametrize(
    ("jaccards", "expected"),
    [
        ([0.9, 0.4, 0.6, 0.3, 0.2], 3),  # the dip at 1 does not count: 2 shares more than half again
        ([0.4, 0.3, 0.2], 0),
        ([0.5, 0.5, 0.5], None),
        ([0.1, 0.1, 0.5], None),
        ([0.9, None, 0.1], 2),
        ([0.9, 0.1, None], 1),
        ([], None),
    ],
)
def test_parting_layer(jaccards: list[float | None], expected: int | None) -> None:
    layers = [LayerComparison(str(i), jaccard, None, 0, 0, 0) for i, jaccard in enumerate(jaccards)]
    assert find_parting_layer(layers) == (None if expected is None else str(expected))


def test_cosine_of_the_activation_rows() -> None:
    rows = {"a": (np.array([3, 4, 0]), np.array([3, 0, 4])), "b": (np.array([0, 0]), np.array([1, 1]))}
    layers = {layer.layer: layer for layer in compare(A, B, rows).layers}
    assert layers["a"].cosine == pytest.approx(9 / 25)
    assert layers["b"].cosine == 0
    assert layers["c"].cosine is None
