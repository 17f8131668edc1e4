from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.embedding import build_embedding_figure, choose_size
from summit_dash.graph.theme import COLOR_A, PALETTES
from summit_dash.run.store import RunStore


def test_points_stand_as_in_the_table_at_equal_scales(store: RunStore) -> None:
    figure = build_embedding_figure(store, "conv3")
    (classes,) = figure.data
    points = store.read_embedding("conv3")
    found = {int(each): (x, y) for each, x, y in zip(classes.ids, classes.x, classes.y, strict=True)}
    assert found == points
    assert figure.layout.yaxis.scaleanchor == "x"


def test_a_point_states_name_accuracy_and_images(store: RunStore, bare_store: RunStore) -> None:
    (classes,) = build_embedding_figure(store, "conv3").data
    assert classes.hovertext[3].startswith("coyote<br>")
    assert classes.hovertext[3].endswith(" % of 200 images")
    (bare,) = build_embedding_figure(bare_store, "conv3").data
    assert bare.hovertext[3] == "coyote<br>200 images"


def test_classes_of_one_name_are_told_apart(store: RunStore) -> None:
    (classes,) = build_embedding_figure(store, "conv3").data
    assert len(set(classes.text)) == len(store.classes)


def test_the_class_is_ringed_and_the_other_one_a_diamond(store: RunStore) -> None:
    figure = build_embedding_figure(store, "conv3", class_id=2, vs=5, theme="dark")
    *_, a, b = figure.data
    solid, dashed = figure.layout.shapes
    assert (solid.xanchor, solid.yanchor, solid.line.dash) == (a.x[0], a.y[0], "solid")
    assert (dashed.xanchor, dashed.yanchor, dashed.line.dash) == (b.x[0], b.y[0], "dot")
    assert (a.x[0], a.y[0]) == store.read_embedding("conv3")[2]
    assert (a.marker.color, b.marker.color) == (COLOR_A, PALETTES["dark"].b)
    assert "diamond" in b.marker.symbol
    assert "diamond" not in a.marker.symbol


def test_colours_by_accuracy_have_a_scale_with_n(store: RunStore) -> None:
    (classes,) = build_embedding_figure(store, "conv3", "accuracy").data
    assert classes.marker.colorbar.title.text == "Top-1 accuracy in %, 12 classes"
    assert classes.marker.color[3] == pytest.approx(100 * (store.classes[3].top1_accuracy or 0))


def test_colours_by_group_have_an_entry_each(store: RunStore) -> None:
    figure = build_embedding_figure(store, "conv3", "group")
    assert figure.layout.showlegend
    assert sum(len(trace.x) for trace in figure.data) == 12


def test_an_unknown_layer_or_class_is_rejected(store: RunStore) -> None:
    with pytest.raises(InputError, match="A layer is one of conv1"):
        build_embedding_figure(store, "mixed9z")
    with pytest.raises(InputError, match="no class 99"):
        build_embedding_figure(store, "conv3", class_id=99)


def test_points_are_smaller_where_there_are_more() -> None:
    assert choose_size(10) > choose_size(100) > choose_size(1000)
