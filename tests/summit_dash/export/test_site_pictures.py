from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from summit_dash.export.site_pictures import SitePictures, remove_boxes
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture(scope="module")
def parts_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose examples are parts of images."""
    return write_synthetic_run(
        tmp_path_factory.mktemp("runs") / "parts", SyntheticRun(n_classes=4, n_images=30, whole_images=True)
    )


def test_channels_that_no_class_of_the_site_uses_have_no_picture(parts_run: Path) -> None:
    store = RunStore(parts_run, only=[3])
    pictures = SitePictures(store)
    for layer, info in store.layers.items():
        used = store.read_counts(layer)[store.find_row(3)] > 0
        for number in range(info.n_channels):
            channel = Channel(layer, number)
            assert pictures.holds_picture(channel) == (used[number] or channel in pictures.in_graphs)
    assert {node.channel for node in store.graph(3).nodes} == pictures.in_graphs


def test_channels_of_a_graph_by_effect_have_a_picture_where_no_class_uses_them(
    parts_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(parts_run, only=[3])
    pictures = SitePictures(store)
    unused = next(
        Channel(layer, number)
        for layer, info in store.layers.items()
        for number in range(info.n_channels)
        if not pictures.holds_picture(Channel(layer, number))
    )
    graph = store.graph(3)
    by_effect = replace(graph, nodes=[graph.nodes[0]._replace(channel=unused)])
    monkeypatch.setattr(RunStore, "has_graphs_by_effect", True)
    monkeypatch.setattr(store, "graph_by_effect", {3: by_effect}.__getitem__)
    assert SitePictures(store).holds_picture(unused)


def test_a_run_without_images_has_nothing_to_cut(store: RunStore) -> None:
    assert not SitePictures(store).cuts_examples


def test_boxes_are_removed_at_any_depth_and_lists_keep_their_length() -> None:
    payload = {"examples": {"rank": [0, 1], "box": [[0, 0, 8, 8], None]}, "preview": {"box": (1, 2, 3, 4), "rank": 0}}
    assert remove_boxes(payload) == {
        "examples": {"rank": [0, 1], "box": [None, None]},
        "preview": {"box": None, "rank": 0},
    }
    assert remove_boxes({"all": [{"box": [1, 2, 3, 4]}]}) == {"all": [{"box": None}]}
